"""The effects: the only code that touches the world. One file each; one of them writes."""
