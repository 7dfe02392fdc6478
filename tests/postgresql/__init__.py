"""A real PostgreSQL server for the tests: the one on PATH, else the packaged one."""

from tests.postgresql.server import PostgresServer

__all__ = ["PostgresServer"]
