"""Policies and a sidecar for worlds in memory."""

from tests.scenarios.conftest import bundle, sidecar  # noqa: F401 - fixtures
