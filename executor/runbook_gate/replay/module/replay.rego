# METADATA
# title: Replay
# description: Decides many recorded inputs in one request. No part of the policies; only replay's own sidecars load it.
package replay

# METADATA
# title: Decisions
# description: By position in the batch; what is undefined is left out.
# entrypoint: true
decisions[i] := decision if {
	some i, document in input.batch
	decision := data.gate.decision with input as document
}
