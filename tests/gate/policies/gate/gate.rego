# METADATA
# title: A gate that echoes
# description: Lets every question pass, so that tests see what arrived.
package gate

decision := object.union(_echo, {
	"schema": 1,
	"runbook": "Echo-v1",
	"verdict": "proceed",
	"next": {
		"action": "gather",
		"step": input.step,
		"checkpoint": "cp1",
		"until_ms": null,
		"params": {"seen": object.get(input, "sent", null)},
	},
	"denials": [],
})

_echo[key] := input[key] if some key in ["run_id", "step", "checkpoint", "ledger_head"]

_echo["input_sha256"] := crypto.sha256(json.marshal(input))
