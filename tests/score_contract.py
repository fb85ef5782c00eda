"""The contract of ``score`` with workers: facts that hold for all kinds of them."""

import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import tests.scoring_command
from qwave_batch.errors import FolderError, UsageError
from qwave_batch.executors.workers import Workers
from qwave_batch.model.work_progress import OnWork, ignore_work
from qwave_batch.scores import ScoreReport, ScoreRequest, score_folders
from tests.painted_folders import painted, painted_folder

IMAGES = 50


class Stopped(BaseException):
    """Ends a command as Ctrl-C does."""


class ScoreContract:
    """The facts; a subclass has the fixture ``workers``."""

    @pytest.mark.parametrize("level", ["image", "pair"])
    def test_workers_give_the_lines_that_this_process_gives(self, level: str, workers: Workers, tmp_path: Path) -> None:
        here, there = folders(tmp_path)
        command = command_file(tmp_path, level=level)
        expected, found = scored(here, command), scored(there, command, workers)
        assert lines_of(there) == lines_of(here)
        assert found.as_json() | {"folders": []} == expected.as_json() | {"folders": []}
        assert found.folders[0].counts == expected.folders[0].counts

    def test_a_built_in_scorer_is_asked_about_what_can_be_read(self, workers: Workers, tmp_path: Path) -> None:
        here, there = folders(tmp_path)
        spoil(here)
        spoil(there)
        expected, found = scored(here, "checks"), scored(there, "checks", workers)
        assert lines_of(there) == lines_of(here)
        assert set(found.folders[0].counts.failures) == {"image_missing", "image_damaged"}
        assert found.folders[0].counts == expected.folders[0].counts

    @pytest.mark.parametrize("is_here", [True, False])
    def test_a_copy_is_asked_about_where_the_first_image_is_damaged(
        self, workers: Workers, tmp_path: Path, *, is_here: bool
    ) -> None:
        """A fault of one file says nothing of another with the same picture."""
        folder = painted_folder(tmp_path / "run", {(f"p{at}", "a"): [painted(0)] for at in range(5)})
        spoil(folder)
        counts = scored(folder, "checks", None if is_here else workers).folders[0].counts
        assert dict(counts.failures) == {"image_missing": 1, "image_damaged": 1}
        assert (counts.scored, counts.reused) == (1, 2)

    def test_only_what_has_no_answer_is_asked_again(self, workers: Workers, tmp_path: Path) -> None:
        here, there = folders(tmp_path)
        scored(here, "checks")

        def stop(progress: object) -> None:
            if getattr(progress, "done", 0) == IMAGES // 2:
                raise Stopped

        with pytest.raises(Stopped):
            scored(there, "checks", workers, on_work=stop)
        kept = len(lines_of(there)) - 1
        assert 0 < kept < IMAGES
        assert scored(there, "checks", workers).folders[0].counts.kept == kept
        assert lines_of(there) == lines_of(here)

    def test_a_scorer_that_fails_on_everything_is_asked_no_more(self, workers: Workers, tmp_path: Path) -> None:
        here, there = folders(tmp_path)
        command = command_file(tmp_path, command=[sys.executable, "-c", "raise SystemExit(3)"], restarts=2)
        expected, found = scored(here, command), scored(there, command, workers)
        assert "ended with exit status 3" in str(expected.stopped)
        assert str(found.stopped) == str(expected.stopped)

    def test_a_scorer_that_costs_money_stays_here(self, workers: Workers, tmp_path: Path) -> None:
        here, _ = folders(tmp_path)
        with pytest.raises(UsageError, match="the scorer judge asks an API"):
            scored(here, "judge", workers, params={"model": "m", "questions": "meta"})

    def test_a_scorer_of_sets_stays_here(self, workers: Workers, tmp_path: Path) -> None:
        here, _ = folders(tmp_path)
        with pytest.raises(UsageError, match="all images of a model at once"):
            scored(here, command_file(tmp_path, level="set"), workers)

    def test_a_folder_that_is_another_one_for_workers_is_refused(
        self, workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        here, _ = folders(tmp_path)
        monkeypatch.setattr("qwave_batch.executors.shared_folder._mark_of", lambda _: (0, "other"))
        monkeypatch.setattr("qwave_batch.executors.shared_folder._looking", _seeing_another)
        with pytest.raises(FolderError, match="another manifest lies there"):
            scored(here, "checks", workers)
        assert not (here / "scores.jsonl").exists()


def _seeing_another(_: object) -> Any:
    return _another


def _another(_: None) -> tuple[int, str]:
    return 1, "this one"


def folders(place: Path) -> tuple[Path, Path]:
    """Return two folders of the same images, of which one stands twice, by two models."""
    cells = {(f"p{at // 2}", "ab"[at % 2]): [painted(at % (IMAGES - 1))] for at in range(IMAGES)}
    here = painted_folder(place / "here", cells)
    return here, Path(shutil.copytree(here, place / "there"))


def spoil(folder: Path) -> None:
    """Remove one image and damage another."""
    first, second, *_ = sorted(path for path in folder.rglob("*.png"))
    first.unlink()
    second.write_bytes(b"damaged")


def command_file(place: Path, **keys: Any) -> str:
    """Return the path of a file that describes a command."""
    told = {
        "name": "sizes",
        "version": "1",
        "needs": ["prompt"],
        "outputs": {"bytes": {"range": [1, None]}, "words": {"range": [0, 100]}},
        "command": [sys.executable, str(Path(tests.scoring_command.__file__))],
        "batch": 4,
        **keys,
    }
    path = place / "scorer.yaml"
    path.write_text(json.dumps(told))
    return str(path)


def scored(
    folder: Path,
    scorer: str,
    workers: Workers | None = None,
    *,
    params: Mapping[str, str] | None = None,
    on_work: OnWork = ignore_work,
) -> ScoreReport:
    """Score a folder."""
    request = ScoreRequest(folders=[folder], scorer=scorer, params=params or {})
    return score_folders(request, on_work=on_work, executor=workers)


def lines_of(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of a folder's scores without their times, sorted as a reader sees no order in copies."""
    lines = [json.loads(line) for line in (folder / "scores.jsonl").read_text().splitlines()]
    return sorted(({key: line[key] for key in line if key != "at"} for line in lines), key=json.dumps)
