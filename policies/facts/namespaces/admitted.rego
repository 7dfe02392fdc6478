package facts.namespaces

import data.facts.given

# METADATA
# title: The label has a value that the runbook admits
# description: The approved one, or the one that was prequalified.
# scope: document
admitted(read, key) if {
	"approved" in given.runbook.drift.admit
	read.object.labels[key] == given.task.labels[key]
}

admitted(read, key) if {
	"prequalified" in given.runbook.drift.admit
	read.object.labels[key] == given.task.drift.labels[key]
}

# METADATA
# title: Every label has a value that the runbook admits
all_admitted(read) if {
	count(given.runbook.label_keys) > 0
	every key in given.runbook.label_keys { admitted(read, key) }
}
