"""What a policy author asks of policies: what they hold, how two of them differ, and why an input is decided so."""
