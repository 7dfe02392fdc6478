# METADATA
# title: Register agreement
# description: Every register that the runbook names states, in its one record, what the task says.
# custom:
#   reads:
#     - now_ms
#     - opened.body.task
#     - observed.gather.body.registers.*
package checks.register_agreement

import future.keywords.not

import data.facts.denial
import data.facts.given
import data.facts.lookup
import data.facts.registers

# METADATA
# title: Everything this check wants is shown
pass if {
	count(given.runbook.agreement) > 0
	every register, fields in given.runbook.agreement {
		registers.sound(register)
		count(fields) > 0
		every field in fields { _agrees(registers.the_record(register), field) }
	}
}

# METADATA
# title: A register has no record of the target
# custom:
#   code: register_agreement.no_record
#   solution: Enter the target into the register, or correct the task.
deny contains denial.of(rego.metadata.rule(), lookup.fields(registers.path(register), ["records", "dropped"])) if {
	some register, _ in given.runbook.agreement
	count(registers.records(register)) == 0
}

# METADATA
# title: A register has several records that may concern the target
# custom:
#   code: register_agreement.ambiguous
#   solution: Leave one record of the target in the register.
deny contains denial.of(rego.metadata.rule(), lookup.fields(registers.path(register), ["records"])) if {
	some register, _ in given.runbook.agreement
	count(registers.records(register)) > 1
}

# METADATA
# title: A register does not state what the task says
# custom:
#   code: register_agreement.field_differs
#   solution: Correct the register or the task; the two have to say the same.
deny contains denial.of(rego.metadata.rule(), lookup.at(array.concat([stated], _compared_with(field)))) if {
	some register, fields in given.runbook.agreement
	some field in fields
	not _agrees(registers.the_record(register), field)
	count(registers.records(register)) == 1
	stated := array.concat(registers.path(register), ["records", 0, field])
}

# The approved tuple is all that the register says about labels.
_agrees(record, "other_labels") if record.other_labels == 0

_agrees(record, "owner_aliases") if {
	is_array(record.owner_aliases)
	is_string(given.task.owner_alias)
	given.task.owner_alias in record.owner_aliases
}

_agrees(record, field) if {
	given.task[field] != null
	record[field] == given.task[field]
}

_compared_with("other_labels") := []

_compared_with("owner_aliases") := [["opened", "body", "task", "owner_alias"]]

_compared_with(field) := [["opened", "body", "task", field]] if not field in {"other_labels", "owner_aliases"}
