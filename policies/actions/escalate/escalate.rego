# METADATA
# title: Escalate
# description: Stop, and say whether a write of this run may still land. Defined for every input.
package actions.escalate

import data.facts.doubt

# METADATA
# title: Params
params := {"write_in_doubt": doubt.open}
