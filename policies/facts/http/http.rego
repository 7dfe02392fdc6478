# METADATA
# title: HTTP answers
# description: Whether the API server answered at all. What an answer means is for the checks.
package facts.http

# METADATA
# title: There is no answer to judge
# description: No connection, no response, or one that asks to come back later. It waits.
unanswered(http) if http.outcome in {"refused", "timed_out", "lost", "not_sent"}

unanswered(http) if {
	http.outcome == "answered"
	http.status == 429
}

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

# METADATA
# title: What a denial says of an answer
paths(path) := [array.concat(path, ["http", field]) | some field in ["outcome", "status", "reason", "message"]]
