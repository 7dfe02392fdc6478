# METADATA
# scope: subpackages
# title: Checks
# description: |
#   One package below this one is one check. `pass` is everything it wants, said positively; `deny` explains
#   what is missing. It keeps silent about a fact that another check denies on.
# schemas:
#   - input: schema.decision_input
#   - data.facts.given.runbook: schema.runbook
package checks
