"""The task store of the simulator."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from qwave_batch.errors import StorageError
from qwave_batch.simulator.task_store import TaskStore

ApiMaker: TypeAlias = Any  # the fixture's class is in conftest.py, which is not importable


def test_a_file_that_is_no_state_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    path.write_text("nothing of the kind\n" * 500)
    with pytest.raises(StorageError, match=r"state\.sqlite cannot be opened"):
        TaskStore(path)


@pytest.mark.parametrize("name", ["state.sqlite", "./state.sqlite", "../state.sqlite", "below/../state.sqlite"])
def test_a_state_may_lie_in_the_current_folder_or_above_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    (here / "below").mkdir(parents=True)
    monkeypatch.chdir(here)
    TaskStore(Path(name)).close()
    assert [each.parent for each in tmp_path.rglob("state.sqlite")] == [tmp_path if name.startswith("..") else here]


def test_a_state_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    TaskStore(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StorageError, match="another version"):
        TaskStore(path)


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot be opened"):
        TaskStore(tmp_path / "file" / "state.sqlite")


def test_no_key_is_ever_written_down(tmp_path: Path, open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api(state_path=tmp_path / "state.sqlite") as api:
            await api.task(key="sk-very-secret")

    asyncio.run(scenario())
    files = list(tmp_path.iterdir())
    assert files
    assert not any(b"sk-very" in file.read_bytes() for file in files)


def test_a_disk_that_takes_nothing_more_is_a_503(open_api: ApiMaker) -> None:
    async def submit() -> int:
        async with open_api() as api:
            api.simulator._store._db.execute("PRAGMA query_only = ON")
            return int((await api.submit()).status)

    assert asyncio.run(submit()) == 503
