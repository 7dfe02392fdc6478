"""`work`: several workers in one process, each with one run at a time, and what they share."""
