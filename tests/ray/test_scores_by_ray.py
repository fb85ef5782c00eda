"""The contract of scores, by the workers of a Ray, and what only processes can do: end in the middle."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import qwave_batch as qb
from qwave_batch.errors import WorkersUnusable
from qwave_batch.executors.ray_workers import RayWorkers, open_ray_workers
from tests.score_contract import IMAGES, ScoreContract, command_file, folders, lines_of, scored

_KILLING = """
import json, os, signal, sys
from pathlib import Path
params = json.loads(sys.stdin.readline())["params"]
for line in sys.stdin:
    item, flag = json.loads(line), Path(params["flag"])
    if item["prompt_id"].startswith(params["deadly"]) and (params["always"] or not flag.exists()):
        flag.touch()
        os.kill(os.getppid(), signal.SIGKILL)
    print(json.dumps({"id": item["id"], "scores": {"bytes": 1}}), flush=True)
"""


@pytest.fixture(scope="module")
def ray_workers(on_ray: qb.RayExecutor) -> Iterator[RayWorkers]:
    with open_ray_workers(on_ray) as opened:
        yield opened


class TestScoresByRay(ScoreContract):
    """Workers that are processes of a Ray."""

    @pytest.fixture
    def workers(self, ray_workers: RayWorkers) -> RayWorkers:
        return ray_workers


def killing_command(place: Path, *, deadly: str, always: bool) -> str:
    """Return a scorer whose command ends the worker that has started it."""
    return command_file(
        place,
        command=[sys.executable, "-c", _KILLING],
        params={"flag": str(place / "flag"), "deadly": deadly, "always": always},
        outputs={"bytes": {}},
        batch=1,
    )


def test_the_items_of_a_worker_that_dies_are_asked_again(ray_workers: RayWorkers, tmp_path: Path) -> None:
    here, _ = folders(tmp_path)
    found = scored(here, killing_command(tmp_path, deadly="p12", always=False), ray_workers)
    assert (tmp_path / "flag").exists()
    assert found.is_complete
    assert len(lines_of(here)) == 1 + IMAGES


def test_an_item_that_ends_its_workers_has_an_error_and_the_others_have_scores(
    ray_workers: RayWorkers, tmp_path: Path
) -> None:
    here, _ = folders(tmp_path)
    counts = scored(here, killing_command(tmp_path, deadly="p12", always=True), ray_workers).folders[0].counts
    assert dict(counts.failures) == {"worker_killed": 2}
    assert counts.first_failure is not None
    assert counts.first_failure.message.startswith("it ended 3 workers")
    assert counts.scored + counts.reused == IMAGES - 2


def test_a_scorer_that_ends_all_its_workers_is_asked_no_more(ray_workers: RayWorkers, tmp_path: Path) -> None:
    here, _ = folders(tmp_path)
    found = scored(here, killing_command(tmp_path, deadly="p", always=True), ray_workers)
    assert "failed on 3 items in a row and is asked no more: it ended 3 workers" in str(found.stopped)


def test_a_scorer_that_is_not_installed_on_the_workers_is_said_before_any_work(
    ray_workers: RayWorkers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug = tmp_path / "site" / "plug.dist-info"
    plug.mkdir(parents=True)
    (plug / "METADATA").write_text("Metadata-Version: 2.1\nName: plug\nVersion: 3\n")
    (plug / "entry_points.txt").write_text(
        "[qwave_batch.scorers]\nlocal-only = qwave_batch.scoring.levels_scorer:make_levels_scorer\n"
    )
    monkeypatch.syspath_prepend(plug.parent)
    here, _ = folders(tmp_path)
    with pytest.raises(WorkersUnusable, match='unknown scorer "local-only"'):
        scored(here, "local-only", ray_workers)
    assert not (here / "scores.jsonl").exists()
