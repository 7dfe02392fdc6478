"""Where a session has the policies from that decide; who was asked to stop asks for none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Protocol

from runbook_gate.configuration import Settings
from runbook_gate.gate.bundle import Bundle
from runbook_gate.serving import Serving, read_bundle, serving


class Policies(Protocol):
    """Where a session has the policies from that decide."""

    def given(self) -> Bundle:
        """The configured bundle, checked."""
        ...

    def serving(self, bundle: Bundle) -> AbstractContextManager[Serving]:
        """A sidecar with a bundle, for the length of a block."""
        ...


class Anew:
    """Policies that are read, and served, anew for each run.

    Args:
        settings: the configuration.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def given(self) -> Bundle:
        """The configured bundle, checked."""
        return read_bundle(self._settings)

    def serving(self, bundle: Bundle) -> AbstractContextManager[Serving]:
        """A sidecar with a bundle, for the length of a block."""
        return serving(self._settings, bundle)


class Heeding:
    """Policies of a process that may be asked to stop: nothing more is asked for then, and what is awaited given up.

    Args:
        policies: where they come from.
        check_stopping: raises `Stopped` once the process was asked to.
        awaiting: makes a block for what only awaits an answer; it may raise out of it to give the answer up.
    """

    def __init__(
        self,
        policies: Policies,
        check_stopping: Callable[[], None],
        awaiting: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._policies, self._check_stopping, self._awaiting = policies, check_stopping, awaiting

    @contextmanager
    def answer(self) -> Iterator[None]:
        """A block that awaits an answer outside of a run."""
        self._check_stopping()
        with self._awaiting():
            yield

    def given(self) -> Bundle:
        """The configured bundle.

        Raises:
            UsageFault: it is none, or none is configured.
            EnvironmentFault: opa cannot be run.
            Stopped: the process was asked to end.
        """
        with self.answer():
            return self._policies.given()

    @contextmanager
    def serving(self, bundle: Bundle) -> Iterator[Serving]:
        """A sidecar with a bundle, for the length of a block: only its start is given up."""
        with ExitStack() as stack:
            with self.answer():
                served = stack.enter_context(self._policies.serving(bundle))
            yield served
