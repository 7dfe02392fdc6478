# METADATA
# title: No freeze
# description: The change calendar is read whole and fresh, and has no freeze now.
package checks.no_freeze

import future.keywords.not

import data.facts.denial
import data.facts.lookup
import data.facts.registers

# METADATA
# title: Everything this check wants is shown
pass if {
	registers.sound("change_calendar")
	every record in registers.records("change_calendar") { record.state == "over" }
}

# METADATA
# title: Changes are frozen, or the calendar does not say
# custom:
#   code: no_freeze.frozen
#   solution: Wait until the freeze is over.
deny contains denial.of(rego.metadata.rule(), lookup.fields(registers.path("change_calendar"), ["records"])) if not pass
