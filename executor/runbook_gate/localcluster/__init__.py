"""A real etcd and a real kube-apiserver on free local ports, for the demo and the tests.

There is no controller manager, so a namespace has no default ServiceAccount, a quota has no status and a
deleted namespace stays Terminating until it is finalized: `seeding.Seeder` does these by hand.
"""

from runbook_gate.binaries import find_tool
from runbook_gate.localcluster.apiserver import ApiServer, ApiServerOptions
from runbook_gate.localcluster.cluster import LocalCluster
from runbook_gate.localcluster.etcd import Etcd
from runbook_gate.localcluster.sharing import shared_cluster

__all__ = ["ApiServer", "ApiServerOptions", "Etcd", "LocalCluster", "find_tool", "shared_cluster"]
