package facts.doubt_test

import future.keywords.not

import data.cases
import data.facts.doubt

_answer(changes) := object.union({"outcome": "answered", "status": 200}, changes)

_asked(answer, looks) := object.union(
	{
		"opened": {"body": {"task": {"runbook": cases.current}}},
		"attempts": [{
			"attempt": 1,
			"intent": {"seq": 5, "sha256": "a", "body": {"attempt": 1, "uid": "u", "resource_version": "1"}},
			"observation": {"body": {"intent": "a", "patched": {"http": answer}}},
		}],
		"step": "restore",
		"checkpoint": "cp2",
		"lineage": [_go("cp2")],
		"observed": {"gather": null, "resolve_write": null},
		"rounds": [],
	},
	looks,
)

_go(next) := {"body": {
	"step": "restore",
	"checkpoint": "cp1",
	"verdict": "proceed",
	"action": "patch_labels",
	"next_checkpoint": next,
}}

_at(checkpoint) := {"body": {"step": "restore", "checkpoint": checkpoint, "verdict": "wait"}}

_without_attempts(changes) := object.union(_asked(_answer({}), {"attempts": []}), changes)

_read(status, version) := {
	"http": {"outcome": "answered", "status": status},
	"object": {"uid": "u", "resource_version": version},
}

_resolved(seq, read) := {"observed": {"resolve_write": {"seq": seq, "body": {"read": read}}}}

_moving := {"first": _read(200, "1"), "last": _read(200, "2")}

_gone := {"outcome": "answered", "status": 404, "reason": "NotFound", "kind": "namespaces"}

_timeout := _answer({"outcome": "timed_out", "status": null})

# Input, whether a write may still land.
_cases := {
	"answered": [_asked(_answer({}), {}), false],
	"refused": [_asked(_answer({"status": 403}), {}), false],
	"slowed down": [_asked(_answer({"status": 429}), {}), false],
	"a status below 500": [_asked(_answer({"status": 499}), {}), false],
	"a server error": [_asked(_answer({"status": 500}), {}), true],
	"answered without a status": [_asked(_answer({"status": null}), {}), true],
	"timed out": [_asked(_timeout, {}), true],
	"lost": [_asked(_answer({"outcome": "lost", "status": null}), {}), true],
	"no connection": [_asked(_answer({"outcome": "refused", "status": null}), {}), false],
	"not sent": [_asked(_answer({"outcome": "not_sent", "status": null}), {}), false],
	"interrupted": [
		json.patch(_asked(_timeout, {}), [{"op": "replace", "path": "/attempts/0/observation", "value": null}]),
		true,
	],
	"unmoved": [_asked(_timeout, _resolved(6, _read(200, "1"))), true],
	"moved": [_asked(_timeout, _resolved(6, _read(200, "2"))), false],
	"moved at the attempt": [_asked(_timeout, _resolved(5, _read(200, "2"))), true],
	"moved at an unknown time": [_asked(_timeout, _resolved("6", _read(200, "2"))), true],
	"moved after an attempt of unknown time": [
		json.patch(_asked(_timeout, _resolved(6, _read(200, "2"))), [{
			"op": "replace",
			"path": "/attempts/0/intent/seq",
			"value": null,
		}]),
		true,
	],
	"a status in no answer": [_asked(_answer({"outcome": "lost"}), {}), true],
	"another uid in no answer": [
		_asked(_timeout, _resolved(6, {"http": {"outcome": "lost", "status": 200}, "object": {"uid": "v"}})),
		true,
	],
	"no uid": [_asked(_timeout, _resolved(6, object.union(_read(200, "1"), {"object": {"uid": null}}))), true],
	"moved before the attempt": [_asked(_timeout, _resolved(4, _read(200, "2"))), true],
	"an empty uid": [_asked(_timeout, _resolved(6, object.union(_read(200, "1"), {"object": {"uid": ""}}))), true],
	"a read with an empty version": [_asked(_timeout, _resolved(6, _read(200, ""))), true],
	"a read without a version": [_asked(_timeout, _resolved(6, _read(200, null))), true],
	"a read without an answer": [_asked(_timeout, _resolved(6, _read(503, "2"))), true],
	"the namespace is gone": [_asked(_timeout, _resolved(6, {"http": _gone})), false],
	"somebody says so": [_asked(_timeout, _resolved(6, {"http": object.remove(_gone, ["reason"])})), true],
	"something else is gone": [_asked(_timeout, _resolved(6, {"http": object.union(_gone, {"kind": "pods"})})), true],
	"the namespace is another one": [
		_asked(_timeout, _resolved(6, object.union(_read(200, "1"), {"object": {"uid": "v"}}))),
		false,
	],
	"moved when gathered": [
		_asked(_timeout, {"observed": {"gather": {"seq": 9, "body": _moving}}}),
		false,
	],
	"moved in a round": [
		_asked(_timeout, {"rounds": [{"seq": 9, "body": {"servers": [_moving]}}]}),
		false,
	],
	"no attempt": [{"attempts": [], "lineage": []}, false],
	"nothing": [{}, true],
	"attempts that are no list": [_without_attempts({"attempts": {}}), true],
	"attempts that are null": [_without_attempts({"attempts": null}), true],
	"no attempt and no lineage": [{"attempts": []}, true],
	"an attempt that is lost": [_without_attempts({}), true],
	"an attempt that was lost before": [_without_attempts({"lineage": [_go("cp2"), _at("cp2")]}), true],
	"a go that was not used": [_without_attempts({"checkpoint": "cp1"}), false],
	"a go that was not used before": [_without_attempts({"lineage": [_go("cp2"), _at("cp1")]}), false],
	"a go of another step": [_without_attempts({"step": "other"}), false],
	"a go that only reads": [
		_without_attempts({"lineage": [{"body": object.union(_go("cp2").body, {"action": "gather"})}]}),
		false,
	],
	"an answer to another intent": [
		json.patch(_asked(_answer({}), {}), [{"op": "replace", "path": "/attempts/0/observation/body/intent", "value": "b"}]),
		true,
	],
	"moved from an unknown version": [
		json.patch(_asked(_timeout, _resolved(6, _read(200, "2"))), [{
			"op": "replace",
			"path": "/attempts/0/intent/body/resource_version",
			"value": null,
		}]),
		true,
	],
	"another one than an unknown namespace": [
		json.patch(_asked(_timeout, _resolved(6, _read(200, "1"))), [{
			"op": "replace",
			"path": "/attempts/0/intent/body/uid",
			"value": null,
		}]),
		true,
	],
	"a way by key": [
		json.patch(_asked(_answer({}), {}), [{"op": "replace", "path": "/lineage", "value": {"0": _go("cp2")}}]),
		false,
	],
	"two goes and one attempt": [_asked(_answer({}), {"lineage": [_go("cp2"), _at("cp2"), _go("cp2")]}), true],
}

test_knows if {
	wrong := {name |
		some name, case in _cases
		found := doubt.open with input as case[0]
		not found == case[1]
	}
	wrong == set()
}
