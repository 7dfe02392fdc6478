# METADATA
# title: Given
# description: What was asked, and by which rules it is decided.
package facts.given

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
# title: Number of the newest round
newest_round := count(input.rounds) - 1 if is_array(input.rounds)

# METADATA
# title: Milliseconds from one entry to another
# description: By CLOCK_BOOTTIME within one boot, else by wall clock. Undefined where a clock is not known.
# scope: document
elapsed_ms(from, to) := _difference(from.boottime_ms, to.boottime_ms) if _same_boot(from, to)

elapsed_ms(from, to) := _difference(from.at_ms, to.at_ms) if {
	_boot_known(from)
	_boot_known(to)
	not _same_boot(from, to)
}

_same_boot(from, to) if {
	_boot_known(from)
	from.boot_id == to.boot_id
}

_boot_known(entry) if {
	is_string(entry.boot_id)
	entry.boot_id != ""
}

_difference(from, to) := to - from if {
	is_number(from)
	is_number(to)
}
