"""The API server's audit log: who did what, and what Pod Security said to it."""
