# METADATA
# title: Denial
# description: What a check says of a fact that does not agree.
package facts.denial

# METADATA
# title: A denial, made from the annotations of its rule
# description: A rule without annotations is refused by the linter, and would still deny here.
of(rule, found) := {
	"code": object.get(rule, ["custom", "code"], "gate.unannotated"),
	"message": object.get(rule, "title", ""),
	"solution": object.get(rule, ["custom", "solution"], ""),
	"facts": found,
}
