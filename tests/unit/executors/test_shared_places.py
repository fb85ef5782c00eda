from collections.abc import Sequence
from pathlib import Path

import pytest

from qwave_batch.errors import WorkersUnusable
from qwave_batch.executors.shared_places import check_shared_folder
from qwave_batch.executors.workers import FromNode, Item, Result, Setup, Work
from qwave_batch.folder.workspace import PARTIAL
from tests.local_workers import LocalWorkers


class Elsewhere(LocalWorkers):
    """Workers on a machine that has another folder at the path."""

    def __init__(self, folder: Path) -> None:
        super().__init__(1)
        self._folder = folder

    def on_each_node(self, work: Work[Setup, Item, Result], item: Item) -> Sequence[FromNode[Result]]:
        """Do the work while the folder is away."""
        away = self._folder.rename(self._folder.with_name("away"))
        try:
            return super().on_each_node(work, item)
        finally:
            away.rename(self._folder)


def test_a_folder_that_all_share_is_left_as_it_was(tmp_path: Path) -> None:
    check_shared_folder(LocalWorkers(2), tmp_path)
    assert list((tmp_path / PARTIAL).iterdir()) == []


def test_a_folder_that_is_not_shared_is_refused_with_what_to_do(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with pytest.raises(WorkersUnusable, match=r"don't share .*/run with this machine .*same path, or .* object store"):
        check_shared_folder(Elsewhere(run), run)
    assert list((run / PARTIAL).iterdir()) == []
