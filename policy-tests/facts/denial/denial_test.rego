package facts.denial_test

import data.facts.denial

test_says_what_the_rule_says if {
	rule := {"title": "It differs", "custom": {"code": "sample.differs", "solution": "Mend it."}}
	denial.of(rule, {"input.step": 1}) == {
		"code": "sample.differs",
		"message": "It differs",
		"solution": "Mend it.",
		"facts": {"input.step": 1},
	}
}

test_a_rule_that_says_nothing_denies_all_the_same if {
	denial.of({}, {}) == {"code": "gate.unannotated", "message": "", "solution": "", "facts": {}}
}
