# METADATA
# title: Registers
# description: |
#   The envelope of a register's answer: who says it, about what, as of when, and whether that is all.
#   Each answer is exactly one of answered, unanswered, missing, and malformed (everything else).
package facts.registers

import data.facts

# METADATA
# title: The register's answer
# description: Null where there is none.
answer(register) := facts.value(path(register))

# METADATA
# title: Where the register's answer is
path(register) := ["observed", "gather", "body", "registers", register]

# METADATA
# title: Where fields of the register's answer are
paths(register, fields) := [array.concat(path(register), [field]) | some field in fields]

# METADATA
# title: The register gave a well-formed envelope
answered(register) if answer(register).outcome == "answered"

# METADATA
# title: The register gave no answer
unanswered(register) if answer(register).outcome == "unanswered"

# METADATA
# title: The register says that there is nothing
missing(register) if answer(register).outcome == "missing"

# METADATA
# title: The answer comes from the expected source
from_source(register) if {
	is_string(answer(register).source_id)
	answer(register).source_id == facts.runbook.registers[register].source_id
}

# METADATA
# title: The answer has the expected schema
of_schema(register) if {
	is_string(answer(register).schema_id)
	answer(register).schema_id == facts.runbook.registers[register].schema_id
}

# METADATA
# title: The answer covers the target
in_scope(register) if {
	is_string(facts.task.cluster_id)
	answer(register).scope.cluster_id == facts.task.cluster_id
	is_string(facts.task.namespace)
	answer(register).scope.namespace in {null, facts.task.namespace}
}

# METADATA
# title: The answer is recent enough
# description: A moment in the future is no more known than one long past.
fresh(register) if {
	as_of := answer(register).as_of_ms
	every moment in [as_of, input.now_ms, _max_age(register), facts.runbook.limits_ms.skew] { is_number(moment) }
	input.now_ms - as_of <= _max_age(register)
	as_of - input.now_ms <= facts.runbook.limits_ms.skew
}

# METADATA
# title: The answer shows all its records
complete(register) if {
	shown := answer(register)
	shown.complete == true
	is_array(shown.records)
	is_number(shown.dropped)
	shown.dropped >= 0
	shown.total == count(shown.records) + shown.dropped
}

# METADATA
# title: The answer is all that is expected of the envelope
shown(register) if {
	answered(register)
	from_source(register)
	of_schema(register)
	in_scope(register)
	fresh(register)
	complete(register)
}

# METADATA
# title: The one record of a register that shows exactly one
the_record(register) := answer(register).records[0] if {
	answered(register)
	complete(register)
	count(answer(register).records) == 1
}

_max_age(register) := facts.runbook.registers[register].max_age_ms
