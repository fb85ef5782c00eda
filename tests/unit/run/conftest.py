"""A world to run in."""

from pathlib import Path

import pytest

from tests.unit.run.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)
