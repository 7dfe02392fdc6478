"""Every metric that there is: name, labels, and what it tells. Labels only take values from short lists."""

from __future__ import annotations

from typing import Final

from runbook_gate.metrics.described import Described

_CHECKPOINT = ("checkpoint", "cp0 to cp4")
_VERDICT = ("verdict", "proceed, retry, wait, complete, escalate")
_QUICK: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 45.0)
_SLOW: Final = (0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 90.0, 180.0, 300.0, 900.0)

BUILD = Described(
    "build_info",
    "gauge",
    "process",
    "Always 1: version of the program, and content digest of the configured bundle",
    (("version", "of runbook-gate"), ("revision", "digest of the policies; empty if none are configured")),
)
DECISIONS = Described("decisions", "counter", "process", "Accepted decisions of the gate", (_CHECKPOINT, _VERDICT))
DENIALS = Described(
    "denials",
    "counter",
    "process",
    "Accepted decisions by each code of their denials; one decision may have several",
    (_CHECKPOINT, _VERDICT, ("code", "a code of docs/denials.md; `other` beyond 500 of them")),
)
REFUSED = Described(
    "refused_answers",
    "counter",
    "process",
    "Answers of the gate that were not acted on",
    (("code", "`no_decision.*` and `fence.*`; `other` beyond 500 of them"),),
)
ENDED = Described(
    "runs_ended", "counter", "process", "Runs that this process ended", (("outcome", "complete, escalated"),)
)
ATTEMPTS = Described(
    "write_attempts",
    "counter",
    "process",
    "Intents of a write, each of which is one attempt",
    (("attempt", "1 up to the retry budget of the runbook"),),
)
TAKEOVERS = Described(
    "takeovers",
    "counter",
    "process",
    "Runs taken up under a higher lease number: the process before died, was stopped, or let go to wait",
)
CHECKPOINT = Described(
    "checkpoint_duration_seconds",
    "histogram",
    "process",
    "From one decision of a run to the next, effects and waits included, under the checkpoint of the second",
    (_CHECKPOINT,),
    _SLOW,
)
ROUNDS = Described(
    "verification_rounds",
    "histogram",
    "process",
    "Rounds until a verification was decided, those of this process",
    buckets=(1, 2, 3, 4, 5, 8, 13, 21),
)
VERIFICATION = Described(
    "verification_duration_seconds",
    "histogram",
    "process",
    "From the decision that asked for a verification to the one that ended it",
    buckets=_SLOW,
)
KEPT_BACK = Described("heads_kept_back", "counter", "process", "Times that a ledger head could not leave the host")
FAULTS = Described(
    "faults",
    "counter",
    "process",
    "Early ends of runs, and what could not be delivered, by the class of the fault",
    (("fault", "a class of runbook_gate.errors; `other` is a bug"),),
)
GATE = Described(
    "gate_request_duration_seconds",
    "histogram",
    "process",
    "Questions to the OPA sidecar, from sending to the last byte",
    (("outcome", "accepted, refused"),),
    _QUICK,
)
API = Described(
    "api_request_duration_seconds",
    "histogram",
    "process",
    "Requests to an API server, from connecting to the last byte",
    (
        ("endpoint", "configured name of the API server"),
        ("request", "read_namespace, patch, patch_dry_run, create_dry_run, self_subject_review"),
    ),
    _QUICK,
)
API_REQUESTS = Described(
    "api_requests",
    "counter",
    "process",
    "Requests to an API server by what became of them",
    (
        *API.labels,
        (
            "outcome",
            "answered, client_error (4xx), throttled (429), server_error (5xx), refused, timed_out, lost, not_sent",
        ),
    ),
)

STORE_UP = Described("store_up", "gauge", "store", "1 if the store could be read for this scrape, else 0")
STORE_RUNS = Described("store_runs", "counter", "store", "Runs that ended, of all processes", ENDED.labels)
ACTIVE = Described("store_active_runs", "gauge", "store", "Runs that go on, held by a process or not")
OVERDUE = Described("store_overdue_runs", "gauge", "store", "Active runs past their deadline")
UNFINISHED = Described("store_unfinished_tasks", "gauge", "store", "Tasks that are queued or active")
DUE = Described("queue_due_tasks", "gauge", "store", "Depth of the queue: tasks that could be taken now")
DUE_AGE = Described(
    "queue_oldest_due_age_seconds", "gauge", "store", "For how long the oldest of them has been due; 0 without"
)
OPEN = Described("open_escalations", "gauge", "store", "Escalations that nobody acknowledged or resolved")
OPEN_AGE = Described("open_escalation_oldest_age_seconds", "gauge", "store", "Age of the oldest of them; 0 without")
UNDELIVERED = Described(
    "undelivered_packets",
    "gauge",
    "store",
    "Open escalations, up to 1,000, whose packet is not in packet_dir; absent without a packet_dir",
)
UNTOLD = Described(
    "undelivered_notifications",
    "gauge",
    "store",
    "Notifications that the receiver has not taken yet; absent without a receiver",
)
UNTOLD_AGE = Described(
    "undelivered_notification_oldest_age_seconds",
    "gauge",
    "store",
    "Age of the oldest of them; 0 without, absent without a receiver",
)
PAUSED = Described("paused", "gauge", "store", "1 while the executor is paused")
COMPLETED = Described(
    "last_completion_timestamp_seconds", "gauge", "store", "When a run last completed; absent before the first"
)
_FIGURE = (("figure", "completed, detected.KIND, records, recovered: docs/questions.md"),)
FIGURE = Described(
    "figure_runs", "gauge", "store", "An auditors' figure over the newest ended runs: those that count", _FIGURE
)
FIGURE_OF = Described("figure_of_runs", "gauge", "store", "An auditors' figure: the runs that it is about", _FIGURE)
UNREADABLE = Described(
    "unreadable_runs", "gauge", "store", "Of the newest ended runs, those whose chain does not agree"
)

STARTED = Described("last_start_timestamp_seconds", "gauge", "textfile", "When `run` last ended, however it did")
STATUS = Described("last_start_exit_status", "gauge", "textfile", "Exit status with which it ended")

PROCESS: Final = (
    BUILD,
    DECISIONS,
    DENIALS,
    REFUSED,
    ENDED,
    ATTEMPTS,
    TAKEOVERS,
    CHECKPOINT,
    ROUNDS,
    VERIFICATION,
    KEPT_BACK,
    FAULTS,
    GATE,
    API,
    API_REQUESTS,
)
STORE: Final = (
    STORE_UP,
    STORE_RUNS,
    ACTIVE,
    OVERDUE,
    UNFINISHED,
    DUE,
    DUE_AGE,
    OPEN,
    OPEN_AGE,
    UNDELIVERED,
    UNTOLD,
    UNTOLD_AGE,
    PAUSED,
    COMPLETED,
    FIGURE,
    FIGURE_OF,
    UNREADABLE,
)
TEXTFILE: Final = (STARTED, STATUS)
EVERY: Final = (*PROCESS, *STORE, *TEXTFILE)
