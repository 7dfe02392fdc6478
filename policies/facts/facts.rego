# METADATA
# scope: subpackages
# title: Facts
# description: |
#   One package below this one is what several checks and actions derive from input and runbook data
#   in the same way.
# schemas:
#   - input: schema.decision_input
#   - data.facts.given.runbook: schema.runbook
package facts
