"""The main job in front of a newcomer: a real API server, a repair that completes, and one that is stopped."""

from runbook_gate.demo.play import Played, play

__all__ = ["Played", "play"]
