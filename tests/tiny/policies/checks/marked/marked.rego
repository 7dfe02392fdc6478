# METADATA
# title: Marked
# description: The label of this step has the approved value in the look that follows the write.
package checks.marked

import future.keywords.not

import data.facts.denial
import data.facts.given
import data.facts.lookup

# METADATA
# title: Everything this check wants is shown
pass if input.observed.resolve_write.body.read.object.labels[_key] == given.task.labels[_key]

# METADATA
# title: The write did not leave the label
# custom:
#   code: marked.absent
#   solution: Find out what became of the write.
deny contains denial.of(rego.metadata.rule(), lookup.at([["observed", "resolve_write", "body", "read"]])) if not pass

_key := given.runbook.own.label_of[input.step]
