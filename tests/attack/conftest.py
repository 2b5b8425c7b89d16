"""The router in memory that the tests of its protocol use, for attacks on it."""

from tests.protocol.http.conftest import mesh, play

__all__ = ["mesh", "play"]
