"""The same calls as a shell script: kubectl for the API server, `opa eval` for the gate."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.bench.recording import Sent

_QUERY = "--bundle bundle.tar.gz --stdin-input --format json data.gate.decision"


def script(
    sent: Sequence[Sent],
    folder: Path,
    labels: Mapping[str, str | None],
    *,
    kubectl: str,
    kubeconfig: Path,
    opa: Path,
) -> Path:
    """Write a script that makes the calls of a recorded run, without its waits; $1 is the namespace.

    Args:
        sent: the run's requests.
        folder: with the bundle; the script and its inputs are written to it.
        labels: what it writes; resourceVersion and uid are left out, for they are another's.
        kubectl: the program.
        kubeconfig: for it.
        opa: the program.
    """
    control = shlex.join([kubectl, "--kubeconfig", str(kubeconfig)])
    lines = ["#!/bin/sh", "set -u", f"cd {shlex.quote(str(folder))}"]
    (folder / "patch.json").write_text(json.dumps({"metadata": {"labels": labels}}), encoding="utf-8")
    for number, one in enumerate(sent):
        body = folder / f"body-{number}.json"
        body.write_bytes(one.body)
        lines.append(_line(one, body.name, control, str(opa)) + " > answer.json 2>> errors.txt")
    path = folder / "by-hand.sh"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _line(one: Sent, body: str, control: str, opa: str) -> str:
    if one.gate:
        document = f"tail -c +10 {body} | head -c -1"  # without {"input": and }
        return f"{document} | {shlex.quote(opa)} eval {_QUERY}"
    dry = " --dry-run=server" if "dryRun=All" in one.target else ""
    if one.method == "GET":
        return f"{control} get namespace {'kube-system' if 'kube-system' in one.target else '$1'} -o json"
    if one.method == "PATCH":
        return f'{control} patch namespace "$1" --type merge --patch-file patch.json{dry}'
    if "selfsubjectreviews" in one.target:
        return f"{control} auth whoami -o json"
    return f'sed "s/payments-00001/$1/" {body} | {control} create --namespace "$1"{dry} -o json -f -'
