package facts.attempts

import future.keywords.not

# METADATA
# title: The markers of this step's attempts in managedFields
# description: Markers count the writes of the whole run, so that those of earlier steps are told apart.
markers(read) := [marker |
	some marker in read.object.markers
	marker.run == input.run_id
	not _of_an_earlier_step(marker)
]

# METADATA
# title: A marker of this run that no attempt in the ledger accounts for
ledger_behind(read) if {
	some marker in markers(read)
	not _known_marker(marker)
}

_known_marker(marker) if {
	is_number(marker.attempt)
	marker.attempt <= earlier + number
}

_of_an_earlier_step(marker) if {
	is_number(marker.attempt)
	marker.attempt <= earlier
}
