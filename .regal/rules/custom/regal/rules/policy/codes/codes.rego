# METADATA
# title: Codes
# description: A code belongs to one rule of the whole bundle.
# schemas:
#   - input: schema.regal.ast
package custom.regal.rules.policy.codes

import data.regal.result

# METADATA
# description: Every code of a file, with the place of its rule
aggregate contains entry if {
	some rule in input.rules
	some annotation in rule.annotations
	code := annotation.custom.code
	entry := result.aggregate(rego.metadata.chain(), {"code": code, "location": result.location(rule.head).location})
}

# METADATA
# description: Another rule has the same code
# schemas:
#   - input: schema.regal.aggregate
aggregate_report contains violation if {
	some entry in input.aggregate
	code := entry.aggregate_data.code
	count({other | some other in input.aggregate; other.aggregate_data.code == code}) > 1
	violation := result.fail(rego.metadata.chain(), {"location": entry.aggregate_data.location})
}
