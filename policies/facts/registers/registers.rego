# METADATA
# title: Registers
# description: |
#   The envelope of a register's answer: who says it, about what, as of when, and whether that is all.
#   Each answer is exactly one of answered, unanswered, missing, and malformed, which is everything else.
package facts.registers

import future.keywords.not

import data.facts.given
import data.facts.lookup

# METADATA
# title: The register's answer, null where there is none
answer(register) := lookup.value(path(register))

# METADATA
# title: Where the register's answer is
path(register) := ["observed", "gather", "body", "registers", register]

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
# title: The answer is none of answered, unanswered and missing
malformed(register) if not answer(register).outcome in {"answered", "unanswered", "missing"}

# METADATA
# title: The answer comes from the expected source
from_source(register) if {
	is_string(answer(register).source_id)
	answer(register).source_id == given.runbook.registers[register].source_id
}

# METADATA
# title: The answer has the expected schema
of_schema(register) if {
	is_string(answer(register).schema_id)
	answer(register).schema_id == given.runbook.registers[register].schema_id
}

# METADATA
# title: The answer covers the target
in_scope(register) if {
	is_string(given.task.cluster_id)
	is_string(given.task.namespace)
	scope := answer(register).scope
	scope.cluster_id == given.task.cluster_id
	scope.namespace in {null, given.task.namespace}
}

# METADATA
# title: The answer is recent enough
# description: A moment in the future is no more known than one long past.
fresh(register) if {
	as_of := answer(register).as_of_ms
	max_age := given.runbook.registers[register].max_age_ms
	skew := given.runbook.limits_ms.skew
	every moment in [as_of, input.now_ms, max_age, skew] { is_number(moment) }
	input.now_ms - as_of <= max_age
	as_of - input.now_ms <= skew
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
sound(register) if {
	answered(register)
	from_source(register)
	of_schema(register)
	in_scope(register)
	fresh(register)
	complete(register)
}

# METADATA
# title: The records of an answer that shows all of them
records(register) := answer(register).records if {
	answered(register)
	complete(register)
}

# METADATA
# title: The one record of a register that shows exactly one
the_record(register) := records(register)[0] if count(records(register)) == 1
