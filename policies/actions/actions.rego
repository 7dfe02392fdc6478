# METADATA
# scope: subpackages
# title: Actions
# description: |
#   One package below this one builds the params of one action,
#   and is undefined when the facts do not call for it.
# schemas:
#   - input: schema.decision_input
#   - data.facts.given.runbook: schema.runbook
package actions
