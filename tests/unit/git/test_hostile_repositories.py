"""No command that a repository names is run, and none sees a key."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import StringIO
from pathlib import Path

import pytest

from qwave_batch import compare_plan, open_plan
from qwave_batch.api.revisions import file_at
from qwave_batch.cli.main import main
from qwave_batch.errors import QwaveError
from qwave_batch.git.state import git_state
from tests.unit.git.gitting import age, commit, git, make_repository

KEY = "sk-a-key-that-nobody-may-see"


class Canary:
    """A command that tells that it ran, and what was in its environment."""

    def __init__(self, folder: Path) -> None:
        self.command = folder / "canary"
        self.sang = folder / "sang"
        self.command.write_text(f'#!/bin/sh\n(echo "$0 $*"; env) >> {self.sang}\nexec cat\n', encoding="utf-8")
        self.command.chmod(0o755)

    def plant(self, top: Path, *vectors: str) -> None:
        """Plant the command; what it sang for the git that planted it is forgotten."""
        for vector in vectors:
            VECTORS[vector](top, self.command)
        age(top)
        self.sang.unlink(missing_ok=True)

    def check(self) -> None:
        assert not self.sang.exists(), self.sang.read_text(encoding="utf-8")


@pytest.fixture
def canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Canary]:
    """It must not have sung when the test ends."""
    monkeypatch.setenv("QWAVE_API_KEY", KEY)
    monkeypatch.setenv("WAVE_API_KEY", KEY)
    monkeypatch.setenv("WAVEAPI_API_KEY", KEY)
    (tmp_path / "cage").mkdir()
    canary = Canary(tmp_path / "cage")
    yield canary
    canary.check()


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "work")


def setting(*names: str, **attributes: str) -> Callable[[Path, Path], None]:
    """Plant the command under settings of the repository's own configuration."""

    def plant(top: Path, command: Path) -> None:
        if attributes:
            said = " ".join(f"{name}={value}" for name, value in attributes.items())
            (top / ".gitattributes").write_text(f"* {said}\n", encoding="utf-8")
            commit(top)
        for name in names:
            git(top, "config", name, str(command))

    return plant


def hooks(top: Path, command: Path) -> None:
    for name in ("post-index-change", "post-checkout", "fsmonitor-watchman", "reference-transaction", "pre-auto-gc"):
        shutil.copy(command, top / ".git" / "hooks" / name)


def hooks_elsewhere(top: Path, command: Path) -> None:
    shutil.copytree(top / ".git" / "hooks", top / "hooks")
    hooks(top, command)
    (top / ".git" / "hooks").rename(top / "hooked")
    git(top, "config", "core.hooksPath", str(top / "hooked"))


def included(top: Path, command: Path) -> None:
    (top / "evil").write_text(f'[filter "x"]\n\tclean = {command}\n\tsmudge = {command}\n', encoding="utf-8")
    setting(filter="x")(top, command)
    git(top, "config", "include.path", "../evil")
    git(top, "config", f"includeIf.gitdir:{top}/.path", "../evil")


def of_one_work_tree(top: Path, command: Path) -> None:
    setting("filter.x.clean", filter="x")(top, command)
    git(top, "config", "--unset", "filter.x.clean")
    git(top, "config", "extensions.worktreeConfig", "true")
    git(top, "config", "--worktree", "filter.x.clean", str(command))
    git(top, "config", "--worktree", "core.fsmonitor", str(command))


def unattributed(top: Path, command: Path) -> None:
    """The attributes come from a place that is not in the work tree."""
    setting("filter.x.clean", "filter.x.smudge")(top, command)
    (top / ".git" / "info" / "attributes").write_text("* filter=x\n", encoding="utf-8")
    git(top, "config", "core.attributesFile", str(top / ".git/info/attributes"))


def promised(url: str, *settings: tuple[str, str]) -> Callable[[Path, Path], None]:
    """Take objects away and say that a remote has them."""

    def plant(top: Path, command: Path) -> None:
        tree = git(top, "rev-parse", "HEAD^{tree}")
        blob = git(top, "rev-parse", "HEAD:specs/tables/birds.tsv")
        for oid in (tree, blob):
            (top / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
        git(top, "config", "core.repositoryFormatVersion", "1")
        git(top, "config", "extensions.partialClone", "origin")
        git(top, "config", "remote.origin.promisor", "true")
        git(top, "config", "remote.origin.url", url.format(command=command, top=top))
        for name, value in settings:
            git(top, "config", name, value.format(command=command))

    return plant


def submodule(top: Path, command: Path) -> None:
    make_repository(top.parent / "below")
    git(top, "submodule", "add", "-q", str(top.parent / "below"), "below")
    setting("filter.x.clean", filter="x")(top / "below", command)
    setting("core.fsmonitor")(top / "below", command)
    commit(top)
    age(top / "below")


def pointed_to(top: Path, command: Path) -> None:
    """``.git`` is a file that names a git directory in the tree."""
    setting("filter.x.clean", "core.fsmonitor", filter="x")(top, command)
    (top / ".git").rename(top / "dir")
    (top / ".git").write_text("gitdir: dir\n", encoding="utf-8")


def buried(where: str, *names: str) -> Callable[[Path, Path], None]:
    """Commit what looks like a bare repository in a folder that the spec lies in or below."""

    def plant(top: Path, command: Path) -> None:
        other = top.parent / "other"
        make_repository(other)
        (other / ".gitattributes").write_text("* filter=x\n", encoding="utf-8")
        commit(other)
        for name in names:
            git(other, "config", name, str(command))
        git(other, "config", "core.worktree", ".")
        place = top / where
        for name in ("HEAD", "config", "objects", "refs", "index"):
            source = other / ".git" / name
            if source.is_dir():
                shutil.copytree(source, place / name)
            else:
                shutil.copy(source, place / name)
        shutil.copy(other / ".gitattributes", place)
        (top / ".gitignore").write_text("", encoding="utf-8")
        commit(top)

    return plant


FILTER = ("filter.x.clean", "filter.x.smudge", "filter.x.process")
VECTORS: dict[str, Callable[[Path, Path], None]] = {
    "clean": setting("filter.x.clean", filter="x"),
    "smudge": setting("filter.x.smudge", filter="x"),
    "process": setting("filter.x.process", filter="x"),
    "fsmonitor": setting("core.fsmonitor"),
    "text of a diff": setting("diff.x.textconv", "diff.x.command", "diff.external", diff="x"),
    "a merge driver": setting("merge.x.driver", merge="x"),
    "pager, editor, askpass, ssh": setting(
        "core.pager", "pager.status", "pager.rev-parse", "core.editor", "sequence.editor", "core.askPass",
        "core.sshCommand", "core.gitProxy", "core.alternateRefsCommand", "uploadpack.packObjectsHook",
    ),
    "gpg": setting("gpg.program", "gpg.ssh.program", "gpg.ssh.defaultKeyCommand", "trailer.x.command"),
    "aliases": setting("alias.status", "alias.rev-parse", "alias.ls-files", "alias.cat-file", "alias.config"),
    "hooks": hooks,
    "hooks elsewhere": hooks_elsewhere,
    "an included configuration": included,
    "a configuration of one work tree": of_one_work_tree,
    "attributes outside of the tree": unattributed,
    "a promise over ssh": promised("ssh://nobody@localhost/x", ("core.sshCommand", "{command}")),
    "a promise over ext": promised("ext::{command}", ("protocol.ext.allow", "always")),
    "a promise over a file": promised("{top}/.git", ("remote.origin.uploadpack", "{command}")),
    "a promise with a helper": promised("x::y", ("remote.origin.vcs", "ext"), ("protocol.allow", "always")),
    "a submodule": submodule,
    "a git directory in the tree": pointed_to,
    "a buried repository beside": buried("specs", *FILTER, "core.fsmonitor"),
    "a buried repository above": buried("", *FILTER, "core.fsmonitor"),
}  # fmt: skip


@pytest.mark.parametrize("vector", VECTORS)
def test_a_repositorys_command_is_not_run(spec: Path, canary: Canary, vector: str) -> None:
    """Neither for the state of a work tree, nor for a revision, nor for one that is not there."""
    top = spec.parents[1]
    canary.plant(top, vector)
    spec.write_text(f"{spec.read_text(encoding='utf-8')}# mine\n", encoding="utf-8")
    git_state(spec)
    for revision in ("HEAD", "@{upstream}", "no-such-revision"):
        with suppress(QwaveError), file_at(revision, spec):
            pass


SETTINGS = [name for name in VECTORS if not name.startswith(("a ", "an ", "attributes", "hooks elsewhere"))]


@pytest.mark.parametrize("vector", ["clean", "everything at once", "a buried repository beside"])
def test_no_command_runs_whichever_door_is_taken(
    spec: Path, canary: Canary, vector: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A simulated run, a plan beside a revision, and the same from Python."""
    top = spec.parents[1]
    canary.plant(top, *(SETTINGS if vector == "everything at once" else [vector]))
    (top / ".gitattributes").write_text("* filter=x diff=x merge=x\n", encoding="utf-8")
    monkeypatch.chdir(top)
    out = StringIO()
    assert main(("plan", "specs/birds.yaml", "--against", "HEAD"), out, out, environ={}) == 0, out.getvalue()
    assert main(("run", "specs/birds.yaml", "--simulate", "--limit", "1"), out, out, environ={}) == 0
    summary = json.loads((top / "runs/birds-simulated/summary.json").read_text(encoding="utf-8"))
    assert len(summary["git"]["commit"]) == 40
    assert compare_plan(open_plan("specs/birds.yaml"), "HEAD", source=spec).comparison.total.unchanged.jobs == 2


def test_a_buried_repository_is_not_the_one_that_a_spec_is_in(spec: Path, canary: Canary) -> None:
    top = spec.parents[1]
    canary.plant(top, "a buried repository beside")
    state = git_state(spec)
    assert state is not None
    assert state.commit == git(top, "rev-parse", "HEAD")
    (top / ".git").rename(top.parent / "gone")
    assert git_state(spec) is None


def test_git_of_the_current_folder_is_not_run(spec: Path, canary: Canary, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a relative entry in PATH, the shell would run a program that a stranger put there."""
    shutil.copy(canary.command, spec.parent / "git")
    monkeypatch.chdir(spec.parent)
    monkeypatch.setenv("PATH", os.pathsep.join((".", "", "../specs", os.environ["PATH"])))
    assert git_state(spec) is not None


def test_git_never_has_a_key(spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A git that tells its environment in place of the real one."""
    folder, seen = tmp_path / "bin", tmp_path / "seen"
    folder.mkdir()
    (folder / "git").write_text(f'#!/bin/sh\nenv >> {seen}\nexec {shutil.which("git")} "$@"\n', encoding="utf-8")
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    for name in (
        "QWAVE_API_KEY",
        "WAVE_API_KEY",
        "WAVEAPI_API_KEY",
        "GITHUB_TOKEN",
        "HTTPS_PROXY",
        "GIT_SSH_COMMAND",
        "GIT_ASKPASS",
    ):
        monkeypatch.setenv(name, KEY)
    assert git_state(spec) is not None
    with file_at("HEAD", spec) as then:
        assert then.exists
    said = seen.read_text(encoding="utf-8")
    assert "GIT_DIR=" in said
    assert KEY not in said
