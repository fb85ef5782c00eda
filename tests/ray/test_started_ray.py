"""The Ray of the tests is what it says, and they are skipped or fail without one."""

from tests.ray.started_ray import StartedRay


def test_it_has_no_dashboard_and_no_worker_yet(ray_here: StartedRay) -> None:
    assert ray_here.processes("raylet")
    assert ray_here.workers() == []
