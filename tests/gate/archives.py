"""Bundle files made by hand."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Iterable, Mapping

MANIFEST = json.dumps({"revision": "r", "roots": ["gate"], "rego_version": 1}).encode()


def member(
    name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = ""
) -> tuple[tarfile.TarInfo, bytes]:
    """One member of a tar file."""
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = len(content), kind, link
    return info, content


def packed(members: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    """A gzipped tar."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for info, content in members:
            tar.addfile(info, io.BytesIO(content))
    return gzip.compress(plain.getvalue(), mtime=0)


def bundle_of(files: Mapping[str, bytes], manifest: bytes = MANIFEST) -> bytes:
    """A bundle file with these files."""
    return packed(member(f"/{name}", content) for name, content in {**files, ".manifest": manifest}.items())
