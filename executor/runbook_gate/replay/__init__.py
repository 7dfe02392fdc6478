"""Replay: would these policies, given the recorded inputs, decide as they did, and would others decide otherwise?

It shows that the policy, given these inputs, gives this answer; not that the inputs were true.
"""
