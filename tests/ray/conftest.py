"""Tests of what needs Ray: skipped where it is not installed, and over one Ray of two processors where it is."""

import os
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

import qwave_batch as qb
from tests.ray.started_ray import UNGUARDED, StartedRay, started_ray

NEED = "QWAVE_TESTS_NEED_RAY"
"""A variable; if it is set, a Ray that is missing fails the tests."""


@pytest.fixture(autouse=True, scope="session")
def _ray_is_here() -> None:
    if find_spec("ray") is None:
        assert not os.environ.get(NEED), "Ray is not installed: pip install -e '.[test-ray]'"
        pytest.skip("Ray is not installed: it has an environment of its own, see CONTRIBUTING.md")


@pytest.fixture(autouse=True, scope="session")
def _rays_of_tests_are_unguarded() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("RAY_ADDRESS", raising=False)
        for name, value in UNGUARDED.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def ray_here(_ray_is_here: None) -> Iterator[StartedRay]:
    """A Ray that runs for all tests; those that break one start their own."""
    with started_ray() as started:
        yield started


@pytest.fixture(scope="session")
def on_ray(ray_here: StartedRay) -> qb.RayExecutor:
    """The executor that has two workers there."""
    return qb.RayExecutor(workers=2, address=ray_here.address)
