"""Records at the border: what comes in, what is kept, what goes out. The source of schemas/."""
