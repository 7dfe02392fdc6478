"""What urllib3 warns of has headers and URLs in it: nobody hears it, whatever the client makes of its loggers."""

from __future__ import annotations

import io
import logging

from kubernetes.client import Configuration

import runbook_gate.cluster.client  # noqa: F401 - as in each process that asks an API server
from runbook_gate.cluster.kubeconfig import hardened


def test_no_handler_hears_it() -> None:
    hardened(Configuration())
    root, heard = logging.getLogger(), io.StringIO()
    handler = logging.StreamHandler(heard)  # not caplog, which listens where nothing is passed on
    root.addHandler(handler)
    try:
        logging.getLogger("urllib3.connectionpool").warning("Failed to parse headers (url=%s)", "https://a-secret")
        logging.getLogger("another").warning("is heard")
    finally:
        root.removeHandler(handler)
    assert heard.getvalue() == "is heard\n"
