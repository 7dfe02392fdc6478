"""What a replay found: counted, grouped, and told in five forms."""
