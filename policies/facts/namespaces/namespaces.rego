# METADATA
# title: Namespaces
# description: The reads of the namespace that a checkpoint judges, and what they show.
package facts.namespaces

import data.facts
import data.facts.http

# METADATA
# title: The observation that this checkpoint judges
default judged := null

judged := facts.checkpoint.judges

# METADATA
# title: Paths of the reads that this checkpoint judges, in order
# description: Never empty, so that a read which is not there is found missing.
paths := [["observed", "gather", "body", place] | some place in ["first", "last"]] if judged == "gather"

paths := [["observed", "resolve_write", "body", "read"]] if judged == "resolve_write"

paths := [["rounds", _newest_round, "body", "servers", server, place] |
	some server, _ in input.rounds[_newest_round].body.servers
	some place in ["first", "last"]
] if {
	judged == "verify"
}

# METADATA
# title: The newest read that this checkpoint judges
newest := facts.value(paths[count(paths) - 1])

# METADATA
# title: The read is a namespace, with everything that is kept of one
legible(read) if {
	http.answered(read.http, 200)
	is_string(read.object.name)
	read.object.name == facts.task.namespace
	is_string(read.object.uid)
	is_string(read.object.resource_version)
	read.object.resource_version != ""
	is_string(read.object.phase)
	labelled(read.object.labels)
	is_array(read.object.markers)
	is_array(read.object.managers)
}

# METADATA
# title: The namespace is the one that was prequalified
prequalified(read) if {
	is_string(read.object.uid)
	read.object.uid == facts.task.drift.namespace_uid
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
	object.keys(labels) == {key | some key in facts.runbook.label_keys}
	every value in labels { _string_or_null(value) }
}

# METADATA
# title: The namespace carries exactly the approved tuple
restored(read) if {
	labelled(read.object.labels)
	read.object.labels == facts.task.labels
}

_newest_round := count(input.rounds) - 1

_string_or_null(value) if is_string(value)

_string_or_null(null)
