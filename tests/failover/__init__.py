"""The ledger's PostgreSQL server fails over to a standby that lacks what was recorded last."""
