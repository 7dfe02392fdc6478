# METADATA
# title: Negation
# description: |
#   A file that negates imports future.keywords.not. Without it, an undefined argument is lifted out of the `not`,
#   and the rule that should deny is undefined (OPA issue 8387).
# schemas:
#   - input: schema.regal.ast
package custom.regal.rules.policy.negation

import data.regal.result

# METADATA
# description: Negation without its import
report contains violation if {
	not _imported
	some rule in input.rules
	walk(rule, [_, node])
	node.negated == true
	violation := result.fail(rego.metadata.chain(), result.location(rule.head))
}

_imported if {
	some imported in input.imports
	[part.value | some part in imported.path.value] == ["future", "keywords", "not"]
}
