"""The Ray of the tests is what it says: one of two processors, without a dashboard, that knows its own processes."""

from tests.ray.started_ray import StartedRay


def test_it_runs_and_has_no_worker_with_work(ray_here: StartedRay) -> None:
    assert len(ray_here.processes("raylet_socket_name")) == 1
    assert ray_here.workers() == []
    assert "raylet" in ray_here.logs()
