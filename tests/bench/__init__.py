"""`make bench`: what a run, a decision and a process cost beside the same calls made bare."""
