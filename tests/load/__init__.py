"""`make load`: thousands of tasks on the real API server, by several workers, with and without faults."""
