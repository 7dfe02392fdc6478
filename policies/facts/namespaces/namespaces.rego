# METADATA
# title: Namespaces
# description: The reads of the namespace that a checkpoint judges, and what they show.
package facts.namespaces

import data.facts.answers
import data.facts.given
import data.facts.lookup

# METADATA
# title: Paths of the reads that this checkpoint judges, in order
# description: Undefined where the checkpoint judges none.
# scope: document
paths := [["observed", "gather", "body", place] | some place in ["first", "last"]] if {
	given.checkpoint.judges == "gather"
}

paths := [["observed", "resolve_write", "body", "read"]] if given.checkpoint.judges == "resolve_write"

paths := [["rounds", given.newest_round, "body", "servers", server, place] |
	some server, _ in input.rounds[given.newest_round].body.servers
	some place in ["first", "last"]
] if {
	given.checkpoint.judges == "verify"
}

# METADATA
# title: Path of the newest read that this checkpoint judges
newest_path := paths[count(paths) - 1]

# METADATA
# title: The newest read that this checkpoint judges
newest := lookup.value(newest_path)

# METADATA
# title: Every read that this checkpoint judges is sound
all_sound if {
	count(paths) > 0
	every path in paths { sound(lookup.value(path)) }
}

# METADATA
# title: The read is of the task's namespace, with everything that is kept of one
legible(read) if {
	answers.answered(read.http, 200)
	is_string(given.task.namespace)
	read.object.name == given.task.namespace
	is_string(read.object.uid)
	is_string(read.object.resource_version)
	read.object.resource_version != ""
	is_string(read.object.phase)
	read.object.phase != ""
	labelled(read.object.labels)
	is_array(read.object.markers)
	is_array(read.object.managers)
	_number_or_null(read.object.deletion_ms)
}

# METADATA
# title: The namespace is the one that was prequalified
prequalified(read) if {
	is_string(read.object.uid)
	read.object.uid == given.task.drift.namespace_uid
}

# METADATA
# title: The namespace is Active and not being deleted
alive(read) if {
	read.object.phase == "Active"
	read.object.deletion_ms == null
}

# METADATA
# title: The read shows the namespace that was prequalified, alive
sound(read) if {
	legible(read)
	prequalified(read)
	alive(read)
}

# METADATA
# title: Exactly the runbook's labels, each a string or null
labelled(labels) if {
	is_object(labels)
	object.keys(labels) == {key | some key in given.runbook.label_keys}
	every value in labels { _string_or_null(value) }
}

# METADATA
# title: The labels are exactly the approved tuple
restored(read) if {
	labelled(read.object.labels)
	read.object.labels == given.task.labels
}

_string_or_null(value) if is_string(value)

_string_or_null(null)

_number_or_null(value) if is_number(value)

_number_or_null(null)
