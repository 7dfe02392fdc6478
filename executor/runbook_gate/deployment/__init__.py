"""What a cluster must hold so that the API server itself keeps the executor to its targets; `deploy/` has the rest."""

from runbook_gate.deployment.approval import Approval, approval
from runbook_gate.deployment.manifests import manifests

__all__ = ["Approval", "approval", "manifests"]
