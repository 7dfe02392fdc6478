"""The crash matrix: a run dies at every point there is, once and twice, and the next start ends it correctly."""
