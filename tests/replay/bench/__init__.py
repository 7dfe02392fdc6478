"""`make bench-replay`: how fast and in how much memory recorded decisions are replayed."""
