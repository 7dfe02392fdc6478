"""A real PostgreSQL server for the tests: the one on PATH, else the packaged one."""

from tests.postgresql.server import PostgresServer
from tests.postgresql.standby import Standby

__all__ = ["PostgresServer", "Standby"]
