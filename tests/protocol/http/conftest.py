"""`play(...)` makes a router in memory; after the test it must have come to rest."""

import pytest

from tests.protocol.http.playbook import Mesh


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
    """A router that knows `/svc/web`, one replica."""
    mesh = play()
    mesh.bind("/svc/web", "10.0.0.1:80")
    return mesh
