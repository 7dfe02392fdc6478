"""A real ServiceAccount whose token is replaced, runs out or is revoked, or whose rights go, in the middle of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.scenarios.accounts import Account, used
from tests.scenarios.stopping import run_until
from tests.scenarios.theatre import Theatre, assert_completed, assert_escalated
from tests.scenarios.wires.company import assert_kept

from runbook_gate.errors import Stopped, UsageFault
from runbook_gate.models.entry import Entry


@pytest.fixture
def account(theatre: Theatre) -> Account:
    return Account(theatre)


def then(act: Callable[[], object]) -> Callable[[Entry], None]:
    """A cue that looks at no entry."""

    def cue(_entry: Entry) -> None:
        act()

    return cue


# --- another token ---

MOMENTS = ("decided:cp0:proceed", "intended", "observed:patch_labels", "decided:cp2:proceed", "decided:cp3:proceed")


def test_a_token_that_is_replaced_at_every_moment(theatre: Theatre, account: Account) -> None:
    """The audit log says that each was used, and none after it was replaced."""
    for moment in MOMENTS:
        theatre.director.cues[moment] = then(account.rotate)
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)
    assert_kept(theatre)
    first, *later = account.tokens
    assert used(theatre) == [token for token in later if token in used(theatre)]
    assert (first in used(theatre), len(used(theatre))) == (False, len(MOMENTS))
    gathered = list(theatre.history().observations("gather", step="restore"))
    assert {entry.body["identity"]["username"] for entry in gathered} == {theatre.identity}


def test_a_token_that_is_missing_for_a_while(theatre: Theatre, account: Account) -> None:
    """Nothing is asked without one; the run waits, and goes on by itself."""
    theatre.director.cues["decided:cp0:proceed"] = then(account.token_file.unlink)
    theatre.director.cues["decided:cp1:wait"] = then(account.rotate)
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)
    assert_kept(theatre)
    waited = next(entry for entry in theatre.history().decisions() if entry.body["verdict"] == "wait")
    assert waited.body["codes"] == ["cluster_identity.unanswered", "namespace_identity.unanswered"]


def test_a_token_that_is_missing_when_the_write_is_due(theatre: Theatre, account: Account) -> None:
    """The attempt is recorded as not sent and counts; the second one goes with the next token."""
    theatre.director.cues["intended"] = then(account.token_file.unlink)
    theatre.director.cues["observed:patch_labels"] = then(account.rotate)
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)
    assert_kept(theatre)
    first, second = theatre.history().observations("patch_labels", step="restore")
    assert (first.body["patched"]["http"]["outcome"], second.body["patched"]["http"]["status"]) == ("not_sent", 200)


def test_a_run_that_stops_while_there_is_no_token_is_resumed_with_the_next_one(
    theatre: Theatre, account: Account
) -> None:
    """After the write, so that nothing may be written again; a start without a token leaves the run as it is."""
    theatre.director.cues["observed:patch_labels"] = then(account.token_file.unlink)
    theatre.submit()
    with pytest.raises(Stopped) as stopped:
        run_until(theatre, "decided:cp2:wait")
    assert stopped.value.exit_status == 12
    before = theatre.history().entries
    with pytest.raises(UsageFault, match="its tokenFile cannot be read, or holds no token"):
        theatre.run()
    assert theatre.history().entries == before
    account.rotate()
    assert_completed(theatre, theatre.run(), writes=1)
    assert_kept(theatre)


# --- no credentials that count, or fewer rights ---

UNKNOWN = ["cluster_identity.unreadable", "namespace_identity.unreadable"]
NOBODY = ["cluster_identity.executor_unknown", *UNKNOWN]
UNREADABLE = ["namespace_identity.unreadable"]
# When it happens: where that is seen, with which codes, and how many writes the API server was asked for.
# A request without a known token is nobody's in the audit log.
EXPIRED: dict[str, tuple[str, list[str], int]] = {
    "decided:cp0:proceed": ("cp1", NOBODY, 0),
    "intended": ("cp2", UNREADABLE, 0),
    "observed:patch_labels": ("cp2", UNREADABLE, 1),
    "decided:cp2:proceed": ("cp3", UNREADABLE, 1),
    "decided:cp3:proceed": ("cp4", NOBODY, 1),
}


@pytest.mark.parametrize("moment", EXPIRED)
def test_a_token_that_runs_out(theatre: Theatre, account: Account, moment: str) -> None:
    origin, codes, writes = EXPIRED[moment]
    theatre.director.cues[moment] = then(account.expire)
    theatre.submit()
    assert_escalated(theatre, theatre.run(), *codes, origin=origin, writes=writes)
    assert_kept(theatre)


REVOKED: dict[str, tuple[str, list[str], int, tuple[str, ...]]] = {
    "decided:cp0:proceed": ("cp1", UNKNOWN, 0, ("cluster",)),
    "intended": ("cp2", UNREADABLE, 1, ("cluster",)),
    "observed:patch_labels": ("cp2", UNREADABLE, 1, ("cluster",)),
    "decided:cp2:proceed": ("cp3", ["verification_reconciliation.probe_blocked"], 1, ("namespace",)),
    "decided:cp3:proceed": ("cp4", UNKNOWN, 1, ("cluster",)),
}


@pytest.mark.parametrize("moment", REVOKED)
def test_a_role_that_is_taken_away(
    theatre: Theatre, account: Account, short_window: dict[str, Any], moment: str
) -> None:
    origin, codes, writes, kinds = REVOKED[moment]
    theatre.director.cues[moment] = then(lambda: account.lose_rights(*kinds))
    theatre.submit()
    assert_escalated(theatre, theatre.run(**short_window), *codes, origin=origin, writes=writes)
    assert_kept(theatre)


def test_a_token_that_is_revoked_between_the_write_and_its_verification(theatre: Theatre, account: Account) -> None:
    """What it is bound to is deleted. The write landed, and the packet says so."""
    theatre.director.cues["decided:cp2:proceed"] = then(account.revoke)
    theatre.submit()
    packet = assert_escalated(theatre, theatre.run(), *UNREADABLE, origin="cp3", writes=1)
    assert_kept(theatre)
    assert packet["write_in_doubt"] is False
