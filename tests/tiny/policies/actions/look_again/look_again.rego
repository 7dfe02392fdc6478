# METADATA
# title: Look again
# description: Read the namespace once more, on a new connection.
package actions.look_again

import data.facts.given

# METADATA
# title: Params
params := {"namespace": given.task.namespace}
