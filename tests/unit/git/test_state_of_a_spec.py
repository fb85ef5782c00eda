import subprocess
from pathlib import Path

import pytest

from qwave_batch.git.state import git_state


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    for command in (
        ("init", "-q"),
        ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "first"),
    ):
        subprocess.run(("git", *command), cwd=tmp_path, check=True)
    spec = tmp_path / "specs" / "teahouse.yaml"
    spec.parent.mkdir()
    spec.write_text("name: teahouse\n", encoding="utf-8")
    return spec


def commit(spec: Path) -> None:
    subprocess.run(("git", "add", "."), cwd=spec.parent, check=True)
    subprocess.run(
        ("git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "x"), cwd=spec.parent, check=True
    )


def test_an_untracked_spec_is_dirty(spec: Path) -> None:
    state = git_state(spec)
    assert state is not None
    assert len(state.commit) == 40
    assert state.dirty


def test_a_committed_spec_is_clean_until_it_changes(spec: Path) -> None:
    commit(spec)
    state = git_state(spec)
    assert state is not None
    assert not state.dirty
    spec.write_text("name: other\n", encoding="utf-8")
    changed = git_state(spec)
    assert changed is not None
    assert changed.dirty
    assert changed.commit == state.commit


def test_outside_a_work_tree_there_is_no_state(tmp_path: Path) -> None:
    assert git_state(tmp_path / "spec.yaml") is None


def test_a_folder_that_is_gone_has_no_state(tmp_path: Path) -> None:
    assert git_state(tmp_path / "gone" / "spec.yaml") is None


def test_without_git_there_is_no_state(spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert git_state(spec) is None


def test_a_repositorys_own_monitor_is_not_run(spec: Path) -> None:
    commit(spec)
    trap = spec.parent / "trap"
    subprocess.run(("git", "config", "core.fsmonitor", f"touch {trap}; false"), cwd=spec.parent, check=True)
    assert git_state(spec) is not None
    assert not trap.exists()
