# METADATA
# title: Answers
# description: Whether the API server answered at all. What an answer means is for the checks.
package facts.answers

# METADATA
# title: There is no answer to judge
# description: No connection, no response, or one that asks to come back later. It waits.
# scope: document
unanswered(http) if http.outcome in {"refused", "timed_out", "lost", "not_sent"}

unanswered(http) if answered(http, 429)

unanswered(http) if {
	http.outcome == "answered"
	is_number(http.status)
	http.status >= 500
}

# METADATA
# title: The API server answered with this status
answered(http, status) if {
	http.outcome == "answered"
	http.status == status
}
