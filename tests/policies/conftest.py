"""The shipped policies as a bundle, and a real OPA that serves them."""

from tests.scenarios.conftest import bundle, sidecar

__all__ = ["bundle", "sidecar"]
