"""Changes of the tables: what turns the store of an older release into one of this release.

- The version that a store has is in its row in `store`, and nowhere else: revision 0002 leads to version 2.
- An upgrade is one transaction, and ends in exactly the tables and triggers of this program or is undone.
- Nobody else has the store meanwhile.
"""

from runbook_gate.ledger.migrations.alone import alone, looking
from runbook_gate.ledger.migrations.differences import differences
from runbook_gate.ledger.migrations.revisions import RELEASED, Revision, Revisions
from runbook_gate.ledger.migrations.upgrading import Examined, examine, upgrade

__all__ = ["RELEASED", "Examined", "Revision", "Revisions", "alone", "differences", "examine", "looking", "upgrade"]
