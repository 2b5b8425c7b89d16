"""`play(...)` makes a router in memory; after the test it must have come to rest."""

import pytest

from tests.protocol.tcp.playbook import Mesh


@pytest.fixture
def play(monkeypatch):
    """A factory of meshes."""
    made = []

    def start(**options):
        made.append(Mesh(monkeypatch, **options))
        return made[-1]

    yield start
    for mesh in made:
        mesh.finish()


@pytest.fixture
def mesh(play):
    """A router that knows `/svc/db`, where all its connections go; one replica."""
    mesh = play()
    mesh.bind("/svc/db", "10.0.0.1:3306")
    return mesh
