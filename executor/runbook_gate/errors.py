"""Every error that runbook-gate raises on purpose, by who is at fault.

RunbookGateError
├── UsageFault                     the caller (exit status 2)
│   ├── InvalidDocument            a task or configuration file that is not what it should be
│   ├── TaskConflict               the same task id with other content
│   └── UnknownRecord              no such task, run or escalation
├── HeldElsewhere                  another run or process holds the target (11)
├── Stopped                        safe to start again (12)
│   ├── Paused                     somebody paused the executor: what is queued stays queued
│   ├── NoDecision                 the gate gave no answer that may be acted on
│   ├── Undelivered                the run ended, but its packet could not be brought to packet_dir
│   ├── Parked                     the next moment is too far away for a process to wait for
│   ├── LeaseLost                  another process took the run over
│   ├── EntriesLost                the ledger no longer has what this process recorded in it
│   └── SidecarFault               OPA could not be started or reached, or has another bundle
├── LedgerFault                    the store (13)
│   ├── LedgerOfAnotherVersion     its tables are not those of this program
│   ├── LedgerUnwritable           an append did not become durable
│   └── LedgerBroken               what is stored does not agree with itself
├── CanonicalError                 this program: a value without a canonical form came as far as a record (1)
└── EnvironmentFault               this machine: a missing tool, a bundle that does not build (1)
    ├── ServerFault                a server process did not start or end as it should
    └── LocalClusterError          the API server for demo and tests is not as it should be
"""

from __future__ import annotations

from typing import ClassVar

from runbook_gate.exit_statuses import ExitStatus


class RunbookGateError(Exception):
    """Root of the tree.

    Attributes:
        exit_status: what the process ends with.
        advice: one sentence that says how to mend it.
    """

    exit_status: ClassVar[ExitStatus] = ExitStatus.UNEXPECTED
    default_advice: ClassVar[str] = "Run `runbook-gate doctor`."

    def __init__(self, message: str, *, advice: str | None = None) -> None:
        super().__init__(message)
        self.advice = advice or self.default_advice


class UsageFault(RunbookGateError):
    """The caller asked for something that cannot be done."""

    exit_status = ExitStatus.USAGE
    default_advice = "See `runbook-gate --help`."


class InvalidDocument(UsageFault):
    """A file is not what it should be; the message names file, field and what was expected, never the value."""

    default_advice = "Correct the file and try again; nothing was recorded."


class TaskConflict(UsageFault):
    """A task with this id was submitted with other content."""

    default_advice = "Give the changed task an id of its own."


class UnknownRecord(UsageFault):
    """No task, run or escalation has this id."""

    default_advice = "List what there is with `runbook-gate status`."


class HeldElsewhere(RunbookGateError):
    """The target has an active run, or another process holds the run."""

    exit_status = ExitStatus.HELD
    default_advice = "The task stays queued; start it again when the other run has ended."


class Stopped(RunbookGateError):
    """The run stopped at a safe point and can be resumed."""

    exit_status = ExitStatus.STOPPED
    default_advice = "Start the same command again; the run goes on from its ledger."


class Paused(Stopped):
    """Somebody paused the executor: what is queued stays queued."""

    default_advice = "`runbook-gate unpause` ends the pause; the queue is as it was."

    def __init__(self, actor: str, reason: str) -> None:
        super().__init__(f"The executor is paused by {actor}: {reason}")


class NoDecision(Stopped):
    """The gate gave no answer that may be acted on.

    Attributes:
        code: stable name of the reason, recorded in the ledger.
    """

    def __init__(self, code: str, message: str, *, advice: str | None = None) -> None:
        super().__init__(message, advice=advice)
        self.code = code


class Undelivered(Stopped):
    """The run ended, and its packet is in the store, but could not be brought to `packet_dir`; or nobody was told."""

    default_advice = "Make the folder writable and start the same command again: the packet is delivered then."


class Parked(Stopped):
    """The next moment is too far away for a process to wait for.

    Attributes:
        until_ms: when the run is due again, milliseconds since the epoch.
    """

    default_advice = "`run --next` takes the run up when it is due."

    def __init__(self, until_ms: int) -> None:
        super().__init__("The run waits for longer than a process does.")
        self.until_ms = until_ms


class LeaseLost(Stopped):
    """Another process took the run over; this one may not append any more."""

    default_advice = "Leave the run to the process that holds it; see `runbook-gate show`."


class EntriesLost(Stopped):
    """The run does not end with the entry that this process recorded last: a failover lost it, or a restored backup."""

    default_advice = "Start the same command again: the run is read anew, and the gate decides what a lost entry means."


class SidecarFault(Stopped):
    """OPA could not be started or reached, or serves another bundle."""

    default_advice = "Check the opa binary, the socket and the bundle with `runbook-gate doctor`."


class LedgerFault(RunbookGateError):
    """The store cannot be trusted or written."""

    exit_status = ExitStatus.LEDGER
    default_advice = "Nothing was done without a record. Check the store with `runbook-gate doctor`."


class LedgerOfAnotherVersion(LedgerFault):
    """The store's tables are not those of this program: only another program, or an upgrade, can mend that."""


class LedgerUnwritable(LedgerFault):
    """An append did not become durable."""


class LedgerBroken(LedgerFault):
    """What is stored does not agree with itself."""

    default_advice = "Keep the store as it is and run `runbook-gate ledger verify`."


class CanonicalError(RunbookGateError):
    """A value has no canonical form; outside documents are checked long before they can bring one."""

    default_advice = "This is a bug: please report where the value came from, not the value."


class EnvironmentFault(RunbookGateError):
    """This machine lacks something."""


class ServerFault(EnvironmentFault):
    """A server process did not start or end as it should; the message names its log file."""

    default_advice = "Read the named log file; `make tools` builds the binaries."


class LocalClusterError(EnvironmentFault):
    """The API server for demo and tests is not as it should be."""

    default_advice = "Read the named log file; `make tools` builds the binaries."
