# METADATA
# title: Answers
# description: Whether the API server answered at all. What an answer means is for the checks.
package facts.answers

# METADATA
# title: There is no answer to judge
# description: No connection, no response, or one that asks to come back later. It waits.
# scope: document
unanswered(answer) if answer.outcome in {"refused", "timed_out", "lost", "not_sent"}

unanswered(answer) if answered(answer, 429)

unanswered(answer) if {
	answer.outcome == "answered"
	is_number(answer.status)
	answer.status >= 500
}

# METADATA
# title: The API server says that there is no such namespace
# description: A 404 without its reason may be anybody's on the way.
missing(answer) if {
	answered(answer, 404)
	answer.reason == "NotFound"
	answer.kind == "namespaces"
}

# METADATA
# title: The API server answered with this status
answered(answer, status) if {
	answer.outcome == "answered"
	answer.status == status
}
