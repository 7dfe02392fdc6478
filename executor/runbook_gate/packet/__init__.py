"""The escalation packet: built from the ledger alone, as JSON by schema and as Markdown for people."""
