"""Signed tasks: a good signature of the prequalifier, or a refusal; never a mere claim."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from runbook_gate.canonical import sha256_hex
from runbook_gate.demo.stage import Target
from runbook_gate.dsse.envelope import PAYLOAD_TYPE
from runbook_gate.dsse.keys import key_id
from runbook_gate.dsse.signing import load_private_key, signed
from runbook_gate.errors import InvalidDocument, UsageFault
from runbook_gate.gate.bundle import Bundle
from runbook_gate.models.task import Signature
from runbook_gate.submission import envelope_bytes, read_task, read_task_file, signature_of

GOOD = Target("payments-prod", "a-uid", "a-cluster-uid").task("task-1")
OWN, SECOND, OTHER, STRANGER = (ec.generate_private_key(ec.SECP256R1()) for _ in range(4))
Document = dict[str, Any]


def pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def named(key: ec.EllipticCurvePrivateKey) -> str:
    return key_id(key.public_key())


LISTED: Document = {
    "platform-governance": {named(key): pem(key) for key in (OWN, SECOND)},
    "release-board": {named(OTHER): pem(OTHER)},
}


def bundle(keys: object = LISTED) -> Bundle:
    parties = {"prequalifiers": ["platform-governance", "release-board"], "keys": keys}
    return Bundle(b"", {}, None, {"parties": parties})


def envelope(folder: Path, key: ec.EllipticCurvePrivateKey = OWN, **changes: Any) -> Document:
    """A task in an envelope, as `task sign` writes it."""
    (folder / "task.yaml").write_text(yaml.safe_dump({**GOOD, **changes}), encoding="utf-8")
    return dict(signed(read_task(folder / "task.yaml"), key).envelope.model_dump(by_alias=True))


def read(folder: Path, document: Document, policy: Bundle | None) -> Signature | None:
    (folder / "task.dsse.json").write_text(json.dumps(document), encoding="utf-8")
    return signature_of(read_task_file(folder / "task.dsse.json"), policy)


def signature(folder: Path, key: ec.EllipticCurvePrivateKey) -> Document:
    made: Document = envelope(folder, key)["signatures"][0]
    return made


# --- good ones ---


def test_a_task_that_its_prequalifier_signed(tmp_path: Path) -> None:
    document = envelope(tmp_path)
    found = read(tmp_path, document, bundle())
    assert found is not None
    assert found.key == named(OWN)
    file = read_task_file(tmp_path / "task.dsse.json")
    assert file.task == read_task(tmp_path / "task.yaml")
    assert file.envelope is not None
    assert found.envelope_sha256 == sha256_hex(envelope_bytes(file.envelope))


def test_a_task_without_a_signature_has_none(tmp_path: Path) -> None:
    envelope(tmp_path)
    assert signature_of(read_task_file(tmp_path / "task.yaml"), bundle()) is None


ALONGSIDE = {"a stranger's": STRANGER, "another prequalifier's": OTHER, "a second key of its own": SECOND}


@pytest.mark.parametrize("whose", ALONGSIDE)
@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
def test_another_signature_beside_a_good_one(tmp_path: Path, whose: str, first: bool) -> None:
    document, beside = envelope(tmp_path), signature(tmp_path, ALONGSIDE[whose])
    document["signatures"].insert(0 if first else 1, beside)
    found = read(tmp_path, document, bundle())
    assert found is not None
    assert found.key == named(SECOND if ALONGSIDE[whose] is SECOND and first else OWN)


def test_openssl_and_coreutils_can_verify_what_is_kept(tmp_path: Path) -> None:
    """The commands of docs/signed-tasks.md."""
    read(tmp_path, envelope(tmp_path), bundle())
    file = read_task_file(tmp_path / "task.dsse.json")
    assert file.envelope is not None
    kept = json.loads(envelope_bytes(file.envelope))
    payload = base64.b64decode(kept["payload"])
    (tmp_path / "pae").write_bytes(
        b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)
    )
    (tmp_path / "sig").write_bytes(base64.b64decode(kept["signatures"][0]["sig"]))
    (tmp_path / "key.pem").write_text(pem(OWN))
    verify = ["openssl", "dgst", "-sha256", "-verify", "key.pem", "-signature", "sig", "pae"]
    told = subprocess.run(verify, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert told.stdout == "Verified OK\n"
    der = subprocess.run(
        ["openssl", "pkey", "-pubin", "-in", "key.pem", "-outform", "DER"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    assert sha256_hex(der.stdout) == named(OWN) == kept["signatures"][0]["keyid"]


# --- everything else is refused ---


def tampered(document: Document, **changes: Any) -> Document:
    payload = {**json.loads(base64.b64decode(document["payload"])), **changes}
    return {**document, "payload": base64.b64encode(json.dumps(payload).encode()).decode()}


def payload(document: Document, content: bytes) -> Document:
    return {**document, "payload": base64.b64encode(content).decode()}


def under(document: Document, key: ec.EllipticCurvePrivateKey) -> Document:
    return {**document, "signatures": [{**document["signatures"][0], "keyid": named(key)}]}


LATER = {"reference": "CHG-20431", "by": "platform-governance", "until": "2099-01-01T00:00:00Z"}
NOT_ITS_KEY = "not signed with a key that parties data lists for its prequalifier"
NO_FIT = "the signature does not fit the payload"
Wrong = Callable[[Path], Document]
REFUSED: dict[str, tuple[Wrong, str]] = {
    "another namespace": (lambda at: tampered(envelope(at), namespace="kube-system"), NO_FIT),
    "a later end": (lambda at: tampered(envelope(at), prequalification=LATER), NO_FIT),
    "the same task written otherwise": (lambda at: tampered(envelope(at)), NO_FIT),
    "another one's signature under its name": (lambda at: under(envelope(at, STRANGER), OWN), NO_FIT),
    "its signature under another of its names": (lambda at: under(envelope(at), SECOND), NO_FIT),
    "no signature at all under its name": (
        lambda at: {**envelope(at), "signatures": [{"keyid": named(OWN), "sig": "AAAA"}]},
        NO_FIT,
    ),
    "one good and one bad of its signatures": (
        lambda at: {
            **envelope(at),
            "signatures": [signature(at, SECOND), {**signature(at, STRANGER), "keyid": named(OWN)}],
        },
        NO_FIT,
    ),
    "a key that nobody knows": (lambda at: envelope(at, STRANGER), NOT_ITS_KEY),
    "another prequalifier's key": (lambda at: envelope(at, OTHER), NOT_ITS_KEY),
    "its own key, approved by another": (
        lambda at: envelope(at, OWN, prequalification={**GOOD["prequalification"], "by": "release-board"}),
        NOT_ITS_KEY,
    ),
    "approved by nobody that is listed": (
        lambda at: envelope(at, OWN, prequalification={**GOOD["prequalification"], "by": "somebody"}),
        NOT_ITS_KEY,
    ),
    "its signature under a name of its own": (
        lambda at: {**envelope(at), "signatures": [{**signature(at, OWN), "keyid": "mine"}]},
        NOT_ITS_KEY,
    ),
    "two signatures of one key": (
        lambda at: {**envelope(at), "signatures": [signature(at, OWN), signature(at, OWN)]},
        "signatures must be base64, one of each key",
    ),
    "another payload type": (
        lambda at: {**envelope(at), "payloadType": "application/vnd.in-toto+json"},
        f"payloadType must be '{PAYLOAD_TYPE}'",
    ),
    "no payload type": (
        lambda at: {key: value for key, value in envelope(at).items() if key != "payloadType"},
        "payloadType is missing",
    ),
    "no signatures": (lambda at: {**envelope(at), "signatures": []}, "signatures must not be empty"),
    "too many signatures": (
        lambda at: {**envelope(at), "signatures": [{**signature(at, STRANGER), "keyid": f"k{i}"} for i in range(11)]},
        "signatures must have at most 10 entries",
    ),
    "a payload that is no base64": (lambda at: {**envelope(at), "payload": "AAAAA"}, "payload must be base64"),
    "a signature that is no base64": (
        lambda at: {**envelope(at), "signatures": [{"keyid": named(OWN), "sig": "AAAAA"}]},
        "signatures must be base64, one of each key",
    ),
    "a payload in YAML": (lambda at: payload(envelope(at), b"id: hunter2\n"), "not well-formed JSON"),
    "a payload that is no task": (lambda at: payload(envelope(at), b'{"hunter2": 1}'), "payload: hunter2 is not known"),
    "a key twice in the payload": (lambda at: payload(envelope(at), b'{"id": "a", "id": "b"}'), "a key occurs twice"),
    "more in the envelope": (lambda at: {**envelope(at), "note": "hunter2"}, "note is not known here"),
    "more in a signature": (
        lambda at: {**envelope(at), "signatures": [{**signature(at, OWN), "cert": "hunter2"}]},
        "signatures.0.cert is not known here",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_signature_that_is_not_good_is_refused(tmp_path: Path, what: str) -> None:
    wrong, told = REFUSED[what]
    with pytest.raises(InvalidDocument) as refused:
        read(tmp_path, wrong(tmp_path), bundle())
    assert str(refused.value).startswith(f"{tmp_path / 'task.dsse.json'}")
    assert told in str(refused.value)
    assert refused.value.exit_status == 2
    assert "hunter2" not in str(refused.value).replace("hunter2 is not known", "")


P384, RSA = ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize(
    "keys",
    [
        {named(OWN): pem(STRANGER)},
        {"mine": pem(OWN)},
        {named(OWN): pem(OWN), named(P384): pem(P384)},
        {named(OWN): pem(OWN), "0" * 64: pem(RSA)},
        {named(OWN): "hunter2"},
        {named(OWN): None},
    ],
    ids=["under another id", "under a name", "P-384", "RSA", "no PEM", "nothing"],
)
def test_a_bundle_whose_keys_are_not_as_they_should_be_is_refused(tmp_path: Path, keys: Document) -> None:
    with pytest.raises(InvalidDocument, match=r"bundle: parties.keys of platform-governance") as refused:
        read(tmp_path, envelope(tmp_path), bundle({"platform-governance": keys}))
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "keys", [{}, None, [], {"platform-governance": []}, {"release-board": LISTED["release-board"]}]
)
def test_a_bundle_that_lists_no_key_knows_none(tmp_path: Path, keys: object) -> None:
    with pytest.raises(InvalidDocument, match=NOT_ITS_KEY):
        read(tmp_path, envelope(tmp_path), bundle(keys))


def test_a_signed_task_wants_a_bundle(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match="needs a bundle"):
        read(tmp_path, envelope(tmp_path), None)


# --- the private key ---


def test_a_private_key_is_read(tmp_path: Path) -> None:
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(OWN.private_bytes(*form))
    assert key_id(load_private_key(tmp_path / "key.pem").public_key()) == named(OWN)
    for odd in (P384.private_bytes(*form), RSA.private_bytes(*form), pem(OWN).encode(), b"hunter2", b""):
        (tmp_path / "key.pem").write_bytes(odd)
        with pytest.raises(InvalidDocument, match="not an ECDSA P-256 key") as refused:
            load_private_key(tmp_path / "key.pem")
        assert "hunter2" not in str(refused.value)
    with pytest.raises(InvalidDocument, match="No such file"):
        load_private_key(tmp_path / "none.pem")
