# METADATA
# title: What the sidecar's API lets through
# description: The question of the gate, and whether it is ready. `input` is OPA's own description of the request.
package system.authz

# METADATA
# title: The request may be answered
# scope: document
default allow := false

allow if {
	input.method == "POST"
	input.path == ["v1", "data", "gate", "decision"]
	_only({"provenance", "strict-builtin-errors"})
}

allow if {
	input.method == "GET"
	input.path == ["health"]
	_only({"bundles"})
}

_only(parameters) if object.keys(object.get(input, "params", {})) - parameters == set()
