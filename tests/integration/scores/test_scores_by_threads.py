"""The contract of scores, by workers that are threads."""

from pathlib import Path

import pytest

from qwave_batch.errors import WorkersUnusable
from qwave_batch.executors.workers import Workers
from tests.local_workers import LocalWorkers
from tests.score_contract import ScoreContract, folders, scored


class TestScoresByThreads(ScoreContract):
    """Workers that are threads."""

    @pytest.fixture
    def workers(self) -> Workers:
        return LocalWorkers(2)


def test_workers_with_another_version_of_a_scorer_are_refused(plug_ins: Path, tmp_path: Path) -> None:
    (plug_ins / "plug.dist-info" / "entry_points.txt").write_text("[qwave_batch.scorers]\nnewer = newer_plug:make\n")
    (plug_ins / "newer_plug.py").write_text(
        "from dataclasses import replace\n"
        "from itertools import count\n"
        "from qwave_batch.scoring.levels_scorer import LevelsScorer\n"
        "versions = count(1)\n"
        "def make(params): return replace(LevelsScorer(), name='newer', version=str(next(versions)))\n"
    )
    here, _ = folders(tmp_path)
    with pytest.raises(WorkersUnusable, match=r"can't score with newer: its newer is of version 2"):
        scored(here, "newer", LocalWorkers(2))
    assert not (here / "scores.jsonl").exists()
