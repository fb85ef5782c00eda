"""The contract of runs, with the work on images done by workers of a Ray."""

import pytest

import qwave_batch as qb
from tests.contracts.run_contract import Place, RunContract
from tests.ray.started_ray import StartedRay


def place_on(ray: StartedRay, *, workers: int = 2) -> Place:
    executor = qb.RayExecutor(workers=workers, address=ray.address)
    options = ("--executor", "ray", "--workers", str(workers), "--ray-address", ray.address)
    return Place(executor, options, lambda _: ray.workers())


class TestRunOnRay(RunContract):
    @pytest.fixture
    def place(self, ray_here: StartedRay) -> Place:
        return place_on(ray_here)
