package checks.task_contract

import future.keywords.not

import data.facts.denial
import data.facts.given

# METADATA
# title: The prequalification is not shown well enough
# custom:
#   code: task_contract.insufficient_assurance
#   solution: Submit the task in a way that gives the assurance which the runbook wants.
deny contains denial.of(rego.metadata.rule(), _at([["submission", "assurance"]])) if {
	_prequalifier_listed
	not _assured
}

# METADATA
# title: The key that signed the task is not listed for its prequalifier
# custom:
#   code: task_contract.unlisted_key
#   solution: Have the task signed with a key that the parties data lists, and submit it as a new one.
deny contains denial.of(rego.metadata.rule(), _at([["submission", "signature"], ["prequalification", "by"]])) if {
	given.task.submission.assurance == "signed"
	not _signer_listed
}

# METADATA
# title: The user that submitted the task is not listed as its prequalifier
# custom:
#   code: task_contract.unlisted_identity
#   solution: Let the prequalifier submit the task, as a user that the parties data lists, as a new one.
deny contains denial.of(rego.metadata.rule(), _at([["submission", "authentication"], ["prequalification", "by"]])) if {
	given.task.submission.assurance == "authenticated"
	not _identity_listed
}

_assured if given.task.submission.assurance in given.runbook.assurance

_signer_listed if given.task.submission.assurance != "signed"

_signer_listed if {
	keys := data.parties.keys[given.task.prequalification.by]
	is_string(keys[given.task.submission.signature.key])
}

_identity_listed if given.task.submission.assurance != "authenticated"

_identity_listed if {
	shown := given.task.submission.authentication
	shown.username in data.parties.identities[given.task.prequalification.by][shown.authority]
}
