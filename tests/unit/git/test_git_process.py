"""Git is started in one place, with an environment of its own, and ends when its time is up."""

import ast
import os
from pathlib import Path

import pytest

from qwave_batch.git.git_process import (
    Git,
    GitMissing,
    GitRefused,
    absolute_entries,
    environment,
    find_git,
    users_environment,
)
from tests.package_code import TREES

STARTERS = {"subprocess", "pty", "popen", "system", "posix_spawn", "posix_spawnp", "create_subprocess_exec"}
STARTERS |= {"create_subprocess_shell", "subprocess_exec", "subprocess_shell", "fork", "forkpty", "startfile"}


def is_starter(name: str) -> bool:
    return name in STARTERS or (name.startswith(("exec", "spawn")) and name[-1] in "lvpe")


def test_programs_are_started_in_few_places(checkout: Path) -> None:
    """Git, our own interpreter for images and for Ray, and the command that a person names as a scorer; no others."""
    users = set()
    for file, tree in TREES.items():
        for node in ast.walk(tree):
            match node:
                case ast.Import(names=names):
                    named = {alias.name.split(".")[0] for alias in names}
                case ast.ImportFrom(module=module, names=names):
                    named = {str(module).split(".")[0], *(alias.name for alias in names)}
                case ast.Attribute(value=ast.Name(id="os" | "asyncio" | "loop"), attr=attr):
                    named = {attr}
                case _:
                    continue
            if any(map(is_starter, named)):
                users.add(file.relative_to(checkout).as_posix())
    assert users == {
        "qwave_batch/executors/ray_cluster.py",
        "qwave_batch/git/git_process.py",
        "qwave_batch/imaging/formats/apart.py",
        "qwave_batch/folder/inspection_processes.py",
        "qwave_batch/scoring/command_process.py",
    }


OURS = {
    "PATH": f"/usr/bin{os.pathsep}.{os.pathsep}bin{os.pathsep}{os.pathsep}/bin",
    "HOME": "/home/me",
    "TMPDIR": "/var/tmp",
    "QWAVE_API_KEY": "secret",
    "GITHUB_TOKEN": "secret",
    "GIT_DIR": "/elsewhere",
    "GIT_INDEX_FILE": "/elsewhere/index",
    "GIT_EXTERNAL_DIFF": "command",
    "GIT_SSH_COMMAND": "command",
    "GIT_TRACE": "/tmp/trace",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "core.fsmonitor",
    "GIT_CONFIG_VALUE_0": "command",
    "LD_PRELOAD": "/tmp/x.so",
}


def test_only_what_git_needs_is_in_its_environment() -> None:
    made = environment(OURS, git_dir="/own", GIT_WORK_TREE="/work")
    assert {name: made[name] for name in ("PATH", "HOME", "TMPDIR", "GIT_DIR", "GIT_WORK_TREE")} == {
        "PATH": f"/usr/bin{os.pathsep}/bin", "HOME": "/own", "TMPDIR": "/var/tmp", "GIT_DIR": "/own",
        "GIT_WORK_TREE": "/work",
    }  # fmt: skip
    assert not {"secret", "command", "/tmp/x.so", "/tmp/trace", "/elsewhere/index"} & set(made.values())
    assert made["GIT_CONFIG_NOSYSTEM"] == "1"
    assert made["GIT_CONFIG_GLOBAL"] == os.devnull
    assert "GIT_CONFIG_COUNT" not in made


def test_the_users_settings_are_read_without_a_key_too() -> None:
    made = users_environment(OURS, git_dir="/own")
    assert (made["HOME"], made["GIT_CONFIG_COUNT"], made["GIT_DIR"]) == ("/home/me", "1", "/own")
    assert "GIT_CONFIG_NOSYSTEM" not in made
    assert "secret" not in made.values()


def test_relative_entries_of_the_path_are_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "git").write_text("#!/bin/sh\n", encoding="utf-8")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f".{os.pathsep}{os.pathsep}../{tmp_path.name}")
    with pytest.raises(GitMissing):
        find_git()
    assert absolute_entries("") == ""


def script(folder: Path, *lines: str) -> Git:
    """A program in the place of git."""
    program = folder / "git"
    program.write_text("\n".join(("#!/bin/sh", *lines, "")), encoding="utf-8")
    program.chmod(0o755)
    return Git(program=str(program), folder=str(folder), environ={"PATH": os.environ["PATH"]})


def test_git_that_hangs_is_stopped_with_all_that_it_started(tmp_path: Path) -> None:
    """A child that holds the pipe would hold us, until it ends of itself."""
    git = script(tmp_path, "sleep 1000 &", "wait")
    with pytest.raises(GitRefused, match="did not end"):
        git.ask("status", timeout_s=0.5)


def test_git_that_prints_without_an_end_is_cut_off(tmp_path: Path) -> None:
    git = script(tmp_path, "exec cat /dev/zero")
    with pytest.raises(GitRefused, match="more than 1,000 bytes"):
        git.ask("status", timeout_s=60, most_bytes=1000)
    git = script(tmp_path, "exec tr '\\0' x < /dev/zero")
    with pytest.raises(GitRefused, match="for one answer"):
        list(git.items("status", timeout_s=60))


def test_git_that_does_not_read_its_question_is_an_error(tmp_path: Path) -> None:
    git = script(tmp_path, "exec <&-", "exit 3")
    with git.started("cat-file", timeout_s=60, given=None) as running:
        running.process.wait()
        with pytest.raises(GitRefused, match="ended early"):
            running.put(b"question\n")


def test_a_failure_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(GitRefused, match="git status failed"):
        script(tmp_path, "echo text", "exit 1").ask("status", timeout_s=60)
    with pytest.raises(GitRefused, match="cannot be started"):
        Git(program=str(tmp_path / "gone"), folder=str(tmp_path), environ={}).ask("status", timeout_s=60)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="only Linux limits another process")
def test_git_has_a_limit_of_memory(tmp_path: Path) -> None:
    """An object of a few kilobytes may unfold to gigabytes."""
    git = script(tmp_path, "read go", "ulimit -d")
    with git.started("cat-file", timeout_s=60, given=None) as running:
        running.put(b"go\n")
        assert running.output.readline() == b"2097152\n"
