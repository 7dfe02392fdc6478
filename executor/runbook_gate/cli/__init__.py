"""The command line, split by command group. Imports are lazy, so that `--help` answers at once."""
