# METADATA
# scope: subpackages
# title: Facts
# description: What several checks and actions derive from input and runbook data in the same way.
# schemas:
#   - input: schema.decision_input
package facts

import future.keywords.not

# METADATA
# title: The task
task := input.opened.body.task

# METADATA
# title: The runbook revision that the task names
runbook := data.runbooks[input.opened.body.task.runbook]

# METADATA
# title: The runbook's table for the step and checkpoint that were asked
checkpoint := runbook.checkpoints[input.step][input.checkpoint]

# METADATA
# title: The value at a path of the input, null where there is none
# description: Defined for every path and every input.
value(path) := object.get({"input": input}, array.concat(["input"], path), null)

# METADATA
# title: What the input has at these paths
# description: Defined for every input, so that a missing fact can never take a denial with it.
at(paths) := {name(path): value(path) | some path in paths}

# METADATA
# title: A path as Rego writes it
name(path) := concat("", array.concat(["input"], [_part(part) | some part in path]))

# METADATA
# title: A denial
# description: |
#   Made from the annotations of the rule that denies. A rule without them is refused by the linter,
#   and would still deny here.
denial(rule, found) := {
	"code": object.get(rule, ["custom", "code"], "gate.unannotated"),
	"message": object.get(rule, "title", ""),
	"solution": object.get(rule, ["custom", "solution"], ""),
	"facts": found,
}

# METADATA
# title: Milliseconds from one entry to another
# description: By CLOCK_BOOTTIME within one boot, else by wall clock. Undefined where a clock is not known.
elapsed_ms(from, to) := _difference(from.boottime_ms, to.boottime_ms) if _same_boot(from, to)

elapsed_ms(from, to) := _difference(from.at_ms, to.at_ms) if {
	is_string(from.boot_id)
	is_string(to.boot_id)
	not _same_boot(from, to)
}

_same_boot(from, to) if {
	is_string(from.boot_id)
	from.boot_id == to.boot_id
}

_difference(from, to) := to - from if {
	is_number(from)
	is_number(to)
}

_part(part) := $".{part}" if {
	is_string(part)
	regex.match(`^[a-z_][a-z0-9_]*$`, part)
} else := $"[{json.marshal(part)}]"
