package checks.register_agreement

import future.keywords.not

import data.facts.denial
import data.facts.given
import data.facts.lookup
import data.facts.registers

# METADATA
# title: A register does not answer
# custom:
#   code: register_agreement.unanswered
#   solution: Make the register reachable; the run goes on by itself when it answers before its deadline.
deny contains denial.of(rego.metadata.rule(), _envelope(register, ["outcome", "problem"])) if {
	some register, _ in given.runbook.agreement
	registers.unanswered(register)
}

# METADATA
# title: A register says that there is nothing
# custom:
#   code: register_agreement.missing
#   solution: Put the register's document in its place.
deny contains denial.of(rego.metadata.rule(), _envelope(register, ["outcome", "problem"])) if {
	some register, _ in given.runbook.agreement
	registers.missing(register)
}

# METADATA
# title: A register gives no well-formed answer
# custom:
#   code: register_agreement.malformed
#   solution: Correct the register's document.
deny contains denial.of(rego.metadata.rule(), _envelope(register, ["outcome", "problem"])) if {
	some register, _ in given.runbook.agreement
	registers.malformed(register)
}

# METADATA
# title: A register is answered by another source
# custom:
#   code: register_agreement.wrong_source
#   solution: Point the register at its authoritative source.
deny contains denial.of(rego.metadata.rule(), _envelope(register, ["source_id"])) if {
	some register, _ in given.runbook.agreement
	registers.answered(register)
	not registers.from_source(register)
}

# METADATA
# title: A register answers in another schema
# custom:
#   code: register_agreement.wrong_schema
#   solution: Let the source answer in the schema which the runbook names.
deny contains denial.of(rego.metadata.rule(), _envelope(register, ["schema_id"])) if {
	some register, _ in given.runbook.agreement
	registers.answered(register)
	not registers.of_schema(register)
}

# METADATA
# title: A register does not cover the target
# custom:
#   code: register_agreement.wrong_scope
#   solution: Ask the register for the cluster and the namespace of the task.
deny contains denial.of(rego.metadata.rule(), _envelope(register, ["scope"])) if {
	some register, _ in given.runbook.agreement
	registers.answered(register)
	not registers.in_scope(register)
}

# METADATA
# title: A register is too old, or of an unknown time
# custom:
#   code: register_agreement.stale
#   solution: Refresh the register, and compare its clock with the executor's.
deny contains denial.of(rego.metadata.rule(), _envelope(register, ["as_of_ms", "read_at_ms"])) if {
	some register, _ in given.runbook.agreement
	registers.answered(register)
	not registers.fresh(register)
}

# METADATA
# title: A register does not show all its records
# custom:
#   code: register_agreement.incomplete
#   solution: Let the source say that it is complete, and state a total that equals its records.
deny contains denial.of(rego.metadata.rule(), _envelope(register, ["complete", "total", "dropped"])) if {
	some register, _ in given.runbook.agreement
	registers.answered(register)
	not registers.complete(register)
}

_envelope(register, fields) := lookup.fields(registers.path(register), fields)
