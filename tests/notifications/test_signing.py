"""The signature, verified by the library of the specification, by openssl, and by the lines of the documentation."""

from __future__ import annotations

import base64
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError
from tests.fakes.clock import ManualClock
from tests.ledger.samples import whole_run
from tests.notifications.conftest import Sweep
from tests.notifications.receiver import NEW, OLD, Receiver, Request

from runbook_gate.clock import SystemClock
from runbook_gate.ledger import Store
from runbook_gate.notifications.signing import NoSecretError, secrets_of

DOCS = Path(__file__).resolve().parents[2] / "docs" / "notifications.md"


@pytest.fixture
def clock() -> ManualClock:
    """Of now: a verifier refuses what is older than five minutes."""
    return ManualClock(at_ms=SystemClock().read().at_ms)


@pytest.fixture
def request_(store: Store, receiver: Receiver, sweep: Sweep) -> Request:
    receiver.secret_file.write_text(f"{NEW}\n{OLD}\n", encoding="ascii")
    whole_run(store)
    assert sweep() == ["delivered"]
    return receiver.requests[0]


@pytest.mark.parametrize("secret", [NEW, OLD])
def test_while_the_secret_is_changed_both_verify(request_: Request, secret: str) -> None:
    Verifier(secret).verify(request_.body, request_.headers)
    assert len(request_.headers["webhook-signature"].split()) == 2


def test_another_secret_another_body_or_another_id_does_not(request_: Request) -> None:
    stranger = "whsec_" + base64.b64encode(b"x" * 32).decode()
    with pytest.raises(WebhookVerificationError, match="No matching"):
        Verifier(stranger).verify(request_.body, request_.headers)
    with pytest.raises(WebhookVerificationError, match="No matching"):
        Verifier(NEW).verify(request_.body + b" ", request_.headers)
    with pytest.raises(WebhookVerificationError, match="No matching"):
        Verifier(NEW).verify(request_.body, {**request_.headers, "webhook-id": "evt-0"})


def test_openssl_computes_the_same(request_: Request) -> None:
    key = base64.b64decode(NEW.removeprefix("whsec_")).hex()
    content = f"{request_.id}.{request_.headers['webhook-timestamp']}.".encode() + request_.body
    command = ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{key}", "-binary"]
    made = subprocess.run(command, input=content, capture_output=True, check=True).stdout
    assert request_.headers["webhook-signature"].split()[0] == f"v1,{base64.b64encode(made).decode()}"


def test_the_lines_of_the_documentation_verify(request_: Request) -> None:
    [lines] = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(lines, names)
    verified = names["verified"]
    for secret in (NEW, OLD):
        assert verified(secret, request_.headers, request_.body)
    assert not verified(NEW, request_.headers, request_.body + b" ")
    old = {**request_.headers, "webhook-timestamp": str(int(request_.headers["webhook-timestamp"]) - 301)}
    assert not verified(NEW, old, request_.body)
    assert "compare_digest" in lines


@pytest.mark.parametrize(
    "content",
    [
        "",
        "\n",
        "no prefix",
        NEW.removeprefix("whsec_"),
        "whsec_",
        "whsec_not base64",
        "whsec_" + base64.b64encode(b"x" * 23).decode(),
        "whsec_" + base64.b64encode(b"x" * 65).decode(),
        f"{NEW}\n{OLD}\n{OLD}\n",
        f"{NEW}\nnonsense\n",
        f"{NEW}\n" + " " * 2000,
    ],
)
def test_another_file_is_no_secret_and_no_error_says_what_is_there(tmp_path: Path, content: str) -> None:
    file = tmp_path / "secret"
    file.write_text(content)
    with pytest.raises(NoSecretError) as caught:
        secrets_of(file)
    assert (str(caught.value), caught.value.__cause__) == ("", None)


def test_without_a_secret_nothing_is_sent(store: Store, receiver: Receiver, sweep: Sweep) -> None:
    receiver.secret_file.unlink()
    whole_run(store)
    assert sweep() == ["no_secret"]
    assert receiver.requests == []
