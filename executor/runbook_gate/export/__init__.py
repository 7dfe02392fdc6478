"""Runs as one file for somebody who has neither this program nor its ledger: made, read as a stranger's, verified."""
