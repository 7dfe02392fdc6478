"""The registers: authoritative records outside this system, read from one small Protocol and projected."""
