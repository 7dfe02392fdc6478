"""The loop: gather, ask, record, act, and ask again."""
