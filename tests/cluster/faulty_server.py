"""A server that counts requests and answers each as a test wants."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Behaviour = Callable[[socket.socket], None]
OK_BODY = b'{"kind": "Namespace", "metadata": {"name": "payments", "uid": "u", "resourceVersion": "7"}}'


@dataclass
class FaultyServer:
    """What the server saw.

    Attributes:
        port: where it listens on 127.0.0.1.
        requests: head of each request that arrived whole.
    """

    port: int
    requests: list[bytes] = field(default_factory=list)


@contextlib.contextmanager
def serving(behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> Iterator[FaultyServer]:
    """Serve until the end of the block."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = FaultyServer(listener.getsockname()[1])
        threading.Thread(target=_accept, args=(listener, behaviour, tls, server), daemon=True).start()
        yield server


def _accept(listener: socket.socket, behaviour: Behaviour, tls: ssl.SSLContext | None, server: FaultyServer) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(connection, behaviour, tls, server), daemon=True).start()


def _serve(connection: socket.socket, behaviour: Behaviour, tls: ssl.SSLContext | None, server: FaultyServer) -> None:
    with contextlib.suppress(OSError), connection:
        stream = tls.wrap_socket(connection, server_side=True) if tls else connection
        with stream:
            while request := _request(stream):
                server.requests.append(request)
                behaviour(stream)


def _request(stream: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        part = stream.recv(65536)
        if not part:
            return b""
        data += part
    head, body = data.split(b"\r\n\r\n", 1)
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
    while lengths and len(body) < int(lengths[0]):
        body += stream.recv(65536)
    return head + b"\r\n\r\n" + body


def answer(status: str, body: bytes = OK_BODY, *headers: str, length: int | None = None) -> Behaviour:
    """A whole answer."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", *headers]
    lines.append(f"Content-Length: {len(body) if length is None else length}")
    sent = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
    return lambda stream: stream.sendall(sent)


def then_close(behaviour: Behaviour) -> Behaviour:
    """The same, and the end of the connection."""

    def act(stream: socket.socket) -> None:
        behaviour(stream)
        stream.shutdown(socket.SHUT_RDWR)

    return act


def nothing(stream: socket.socket) -> None:
    """No answer."""


def reset(stream: socket.socket) -> None:
    """End the connection with a reset."""
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stream.close()


def trickle(data: bytes) -> Behaviour:
    """One byte every 50 ms."""

    def act(stream: socket.socket) -> None:
        for byte in data:
            stream.sendall(bytes([byte]))
            threading.Event().wait(0.05)

    return act


def garbage_below_tls(stream: socket.socket) -> None:
    """Bytes that are no TLS record."""
    socket.socket.sendall(stream, b"HTTP/1.1 200 OK\r\n\r\n")


def certificate(folder: Path, host: str = "127.0.0.1") -> ssl.SSLContext:
    """A server context with a certificate of its own; the client trusts `folder/ca.crt`."""
    key = ec.generate_private_key(ec.SECP256R1())
    # A name of its own: a client that trusts several tells them apart by it.
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"test {x509.random_serial_number():x}")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([_general_name(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = serialization.Encoding.PEM
    (folder / "ca.crt").write_bytes(made.public_bytes(form))
    private = key.private_bytes(form, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "tls.key").write_bytes(private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.crt", folder / "tls.key")
    return context


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def kubeconfig(folder: Path, url: str, **cluster: object) -> Path:
    """A kubeconfig for a server."""
    path = folder / "kubeconfig"
    content = {
        "clusters": [{"name": "c", "cluster": {"server": url, **cluster}}],
        "users": [{"name": "u", "user": {"token": "planted-token"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "c",
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return path
