package facts.outcomes_test

import future.keywords.not

import data.cases
import data.facts.outcomes

_answered(status, reason) := {"observation": {"body": {"patched": {"http": {
	"outcome": "answered",
	"status": status,
	"reason": reason,
}}}}}

_unanswered(outcome) := {"observation": {"body": {"patched": {"http": {
	"outcome": outcome,
	"status": null,
	"reason": null,
}}}}}

_cases := {
	"stored": [_answered(200, null), "applied"],
	"created": [_answered(201, null), "final"],
	"conflict": [_answered(409, "Conflict"), "conflict"],
	"conflict of names": [_answered(409, "AlreadyExists"), "final"],
	"conflict without a reason": [_answered(409, null), "final"],
	"gateway timeout": [_answered(504, "Timeout"), "api_timeout"],
	"gateway timeout without a reason": [_answered(504, null), "api_timeout"],
	"refused": [_answered(403, "Forbidden"), "final"],
	"server error": [_answered(500, "InternalError"), "final"],
	"unavailable": [_answered(503, "ServiceUnavailable"), "final"],
	"no status": [_answered(null, null), "final"],
	"no connection": [_unanswered("refused"), "api_timeout"],
	"timed out": [_unanswered("timed_out"), "api_timeout"],
	"lost": [_unanswered("lost"), "api_timeout"],
	"not sent": [_unanswered("not_sent"), "api_timeout"],
	"an unknown outcome": [_unanswered("exploded"), "final"],
	"a status in no answer": [{"observation": {"body": {"patched": {"http": {"status": 200, "reason": null}}}}}, "final"],
	"interrupted": [{"observation": null}, "api_timeout"],
	"no observation at all": [{}, "final"],
	"an observation without an answer": [{"observation": {}}, "final"],
}

test_classes if {
	wrong := {name |
		some name, case in _cases
		asked := {"opened": {"body": {"task": {"runbook": cases.current}}}}
		found := outcomes.class(case[0]) with input as asked
		not found == case[1]
	}
	wrong == set()
}
