# METADATA
# title: Negation
# description: |
#   A file imports future.keywords.not if, and only if, it negates. Without the import, an undefined argument is
#   lifted out of the `not`, and the rule that should deny is undefined (OPA issue 8387).
# schemas:
#   - input: schema.regal.ast
package custom.regal.rules.policy.negation

import data.regal.result

# METADATA
# description: Negation without its import
report contains violation if {
	not _imported
	some rule in _negating
	violation := result.fail(rego.metadata.chain(), result.location(rule.head))
}

# METADATA
# description: The import without a negation
report contains violation if {
	_imported
	count(_negating) == 0
	violation := result.fail(rego.metadata.chain(), result.location(input["package"]))
}

_negating contains rule if {
	some rule in input.rules
	walk(rule, [_, node])
	_negates(node)
}

# As it is parsed without the import, and with it.
_negates(node) if node.negated == true

_negates(node) if node.terms.type == "not"

_imported if {
	some imported in input.imports
	[part.value | some part in imported.path.value] == ["future", "keywords", "not"]
}
