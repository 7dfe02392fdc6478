package facts.answers_test

import future.keywords.not

import data.facts.answers

_unanswered := [
	{"outcome": "refused", "status": null},
	{"outcome": "timed_out", "status": null},
	{"outcome": "lost", "status": null},
	{"outcome": "not_sent", "status": null},
	{"outcome": "answered", "status": 429},
	{"outcome": "answered", "status": 500},
	{"outcome": "answered", "status": 504},
]

_answered := [
	{"outcome": "answered", "status": 200},
	{"outcome": "answered", "status": 404},
	{"outcome": "answered", "status": 499},
	{"outcome": "answered", "status": null},
	{"outcome": "answered", "status": "500"},
	{"outcome": "exploded", "status": 500},
	{"outcome": "exploded", "status": 429},
	{"status": 500},
	{},
	null,
]

test_waits_for_an_answer if {
	every http_answer in _unanswered { answers.unanswered(http_answer) }
	every http_answer in _answered { not answers.unanswered(http_answer) }
}

test_answers_with_a_status if {
	answers.answered({"outcome": "answered", "status": 200}, 200)
	not answers.answered({"outcome": "answered", "status": 201}, 200)
	not answers.answered({"outcome": "lost", "status": 200}, 200)
	not answers.answered({"status": 200}, 200)
}

test_only_a_404_of_namespaces_says_that_one_is_missing if {
	answer := {"outcome": "answered", "status": 404, "reason": "NotFound", "kind": "namespaces"}
	answers.missing(answer)
	not answers.missing(object.union(answer, {"status": 200}))
	not answers.missing(object.union(answer, {"reason": null}))
	not answers.missing(object.union(answer, {"kind": "pods"}))
}
