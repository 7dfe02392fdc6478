"""The decision core: what comes next, what is the input, is this answer acceptable, is this act allowed. No I/O."""
