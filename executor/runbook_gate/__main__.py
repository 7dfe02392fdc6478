"""`python -m runbook_gate`, for an image without a shell or scripts."""

from runbook_gate.cli.main import main

main()
