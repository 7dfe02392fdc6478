# METADATA
# title: Facts
# description: |
#   What a denial tells is defined for every input. A field of the input that is handed to a function while a denial
#   is put together takes the denial with it where the field is missing; a path does not, see data.facts.lookup.
# schemas:
#   - input: schema.regal.ast
package custom.regal.rules.policy.facts

import future.keywords.not

import data.regal.ast
import data.regal.result

# METADATA
# description: A missing fact would take the denial with it
report contains violation if {
	some rule in input.rules
	some term in _telling(rule)
	some argument in _arguments(term)
	_field(argument)
	violation := result.fail(rego.metadata.chain(), result.location(argument))
}

# What is put together: in a denial its facts and what it assigns; in a check also every value that it derives.
_telling(rule) := array.concat([rule.head.key], _assigned(rule)) if {
	ast.ref_to_string(rule.head.ref) == "deny"
} else := array.concat([term | some name in ["key", "value"]; term := rule.head[name]], _assigned(rule)) if {
	_in_a_check
	_of_a_value(rule)
} else := []

_assigned(rule) := [expression.terms[2] |
	some expression in object.get(rule, "body", [])
	ast.ref_to_string(expression.terms[0].value) == "assign"
]

_in_a_check if {
	path := [part.value | some part in input["package"].path]
	path[1] == "checks"
	not endswith(path[2], "_test")
}

_of_a_value(rule) if rule.head.key

_of_a_value(rule) if not rule.head.value.type == "boolean"

# A term that is assigned as it is, and the arguments of each call. A list that is put together out of what there is
# only becomes shorter.
_arguments(term) := [argument |
	walk({"type": "call", "value": [null, term]}, [path, node])
	node.type == "call"
	not _within_comprehension(term, path)
	some index, argument in node.value
	index > 0
]

_within_comprehension(term, path) if {
	some length in numbers.range(2, count(path))
	type := object.get(term, array.concat(array.slice(path, 2, length), ["type"]), "")
	endswith(type, "comprehension")
}

_field(argument) if {
	argument.type == "ref"
	count(argument.value) > 1
	not argument.value[0].value in (({"data"} | _imported) | _rules)
}

_imported := {name |
	some imported in input.imports
	name := object.get(imported, "alias", imported.path.value[count(imported.path.value) - 1].value)
}

_rules := {rule.head.ref[0].value | some rule in input.rules}
