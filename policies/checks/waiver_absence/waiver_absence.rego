# METADATA
# title: Waiver absence
# description: |
#   The exceptions register shows that no waiver is open that may cover the target. An expiry in the past closes
#   nothing, and a scope that is not literally elsewhere covers the target.
# custom:
#   reads:
#     - now_ms
#     - opened.body.task.cluster_id
#     - opened.body.task.namespace
#     - observed.gather.body.registers.*
package checks.waiver_absence

import future.keywords.not

import data.facts.denial
import data.facts.given
import data.facts.lookup
import data.facts.registers

# METADATA
# title: Everything this check wants is shown
pass if {
	register := given.runbook.waivers.register
	registers.sound(register)
	every waiver in registers.records(register) { _closed(waiver) }
}

# METADATA
# title: A waiver that may cover the target is not shown to be closed
# custom:
#   code: waiver_absence.open_waiver
#   solution: Leave the namespace as it is while the waiver stands; close it in its register when it is over.
deny contains denial.of(rego.metadata.rule(), lookup.fields(path, ["id", "status", "scope"])) if {
	register := given.runbook.waivers.register
	registers.answered(register)
	some index, waiver in registers.answer(register).records
	not _closed(waiver)
	path := array.concat(registers.path(register), ["records", index])
}

_closed(waiver) if waiver.status in given.runbook.waivers.closed
