"""The shipped policies as a bundle, a real OPA that serves them, and a repository to edit them in."""

from tests.policies.repositories import repository
from tests.scenarios.conftest import bundle, sidecar

__all__ = ["bundle", "repository", "sidecar"]
