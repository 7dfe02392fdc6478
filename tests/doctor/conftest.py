"""A configuration with which everything is well: a real API server, a real OPA, registers that agree."""

from tests.scenarios.conftest import bundle, bundle_file, replay_sidecar, sidecar, theatre  # noqa: F401 - fixtures
