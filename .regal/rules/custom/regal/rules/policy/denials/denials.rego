# METADATA
# title: Denials
# description: Each denial has a title, a solution and a code that begins with its package's name, and says them.
# schemas:
#   - input: schema.regal.ast
package custom.regal.rules.policy.denials

import data.regal.ast
import data.regal.result

# METADATA
# description: The rule does not say all that a denial says
report contains violation if {
	some rule in input.rules
	ast.ref_to_string(rule.head.ref) == "deny"
	not _annotated(rule)
	violation := result.fail(rego.metadata.chain(), result.location(rule.head))
}

# METADATA
# description: The rule makes its denial by hand, and not from its annotations
report contains violation if {
	some rule in input.rules
	ast.ref_to_string(rule.head.ref) == "deny"
	not _made_from_annotations(rule)
	violation := result.fail(rego.metadata.chain(), result.location(rule.head))
}

_annotated(rule) if {
	some annotation in rule.annotations
	annotation.title != ""
	annotation.custom.solution != ""
	regex.match($"^{_package}\\.[a-z][a-z0-9_]*$", annotation.custom.code)
}

_made_from_annotations(rule) if {
	rule.head.key.type == "call"
	ast.ref_to_string(rule.head.key.value[0].value) == "denial.of"
	annotations := rule.head.key.value[1]
	annotations.type == "call"
	[ast.ref_to_string(part.value) | some part in annotations.value] == ["rego.metadata.rule"]
}

_package := regal_last if {
	path := input["package"].path
	regal_last := path[count(path) - 1].value
}
