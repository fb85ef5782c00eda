"""Honest work trees of every kind report their commit, and whether anything differs from it."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from qwave_batch.api.revisions import file_at
from qwave_batch.errors import UsageError
from qwave_batch.git.git_process import GitRefused
from qwave_batch.git.state import git_state
from qwave_batch.git.worktree import work_tree_around
from tests.unit.git.gitting import age, commit, git, make_repository


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "work")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of one's own, to configure git in."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def state(spec: Path) -> tuple[str, bool]:
    found = git_state(spec)
    assert found is not None
    return found.commit, found.dirty


def plain(top: Path) -> Path:
    return top


def linked(top: Path) -> Path:
    git(top, "worktree", "add", "-q", "-b", "other", str(top.parent / "linked"))
    commit(top, "the main work tree goes on")
    return top.parent / "linked"


def linked_to_bare(top: Path) -> Path:
    git(top.parent, "clone", "-q", "--bare", str(top), "many/.bare")
    (top.parent / "many" / ".git").write_text("gitdir: ./.bare\n", encoding="utf-8")
    git(top.parent / "many", "worktree", "add", "-q", "main", "main")
    return top.parent / "many" / "main"


def a_submodule(top: Path) -> Path:
    make_repository(top.parent / "super")
    git(top.parent / "super", "submodule", "add", "-q", str(top), "sub")
    return top.parent / "super" / "sub"


def cloned(*options: str) -> Callable[[Path], Path]:
    def clone(top: Path) -> Path:
        commit(top, "another")
        git(top.parent, "clone", "-q", *options, top.as_uri() if "--shared" not in options else str(top), "clone")
        return top.parent / "clone"

    return clone


def elsewhere(top: Path) -> Path:
    git(top, "init", "-q", "--separate-git-dir", str(top.parent / "elsewhere"))
    return top


def over_a_link(top: Path) -> Path:
    (top / ".git").rename(top.parent / "there")
    (top / ".git").symlink_to("../there")
    return top


def packed(top: Path) -> Path:
    git(top, "gc", "-q")
    git(top, "commit-graph", "write", "--reachable")
    return top


def configured(*arguments: str) -> Callable[[Path], Path]:
    def configure(top: Path) -> Path:
        git(top, *arguments)
        return top

    return configure


KINDS: dict[str, Callable[[Path], Path]] = {
    "plain": plain,
    "linked": linked,
    "linked to a bare one": linked_to_bare,
    "a submodule": a_submodule,
    "cloned": cloned(),
    "shared": cloned("--shared"),
    "shallow": cloned("--depth=1"),
    "its git directory elsewhere": elsewhere,
    "its git directory over a link": over_a_link,
    "packed": packed,
    "detached": configured("checkout", "-q", "--detach"),
    "a split index": configured("update-index", "--split-index"),
    "sparse": configured("sparse-checkout", "set", "--sparse-index", "specs"),
    "each work tree configured": configured("sparse-checkout", "set", "specs"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_work_tree_reports_its_commit_and_what_differs(spec: Path, kind: str) -> None:
    (spec.parents[1] / "pictures").mkdir()
    (spec.parents[1] / "pictures" / "one.txt").write_text("1\n", encoding="utf-8")
    commit(spec.parents[1])
    top = KINDS[kind](spec.parents[1])
    spec, head = top / "specs" / "birds.yaml", git(top, "rev-parse", "HEAD")
    assert state(spec) == (head, False)
    (top / "notes").write_text("not tracked\n", encoding="utf-8")
    age(top)
    assert state(spec) == (head, False)
    (top / "specs" / "tables" / "birds.tsv").write_text("bird\nstork\n", encoding="utf-8")
    assert state(spec) == (head, True)


def test_a_repository_with_sha_256(tmp_path: Path) -> None:
    spec = make_repository(tmp_path / "work", "--object-format=sha256")
    commit, dirty = state(spec)
    assert len(commit) == 64
    assert not dirty


def test_what_is_staged_is_a_difference(spec: Path) -> None:
    spec.write_text(f"{spec.read_text(encoding='utf-8')}# more\n", encoding="utf-8")
    git(spec.parent, "add", ".")
    assert state(spec)[1]


def test_a_removed_file_is_a_difference(spec: Path) -> None:
    (spec.parent / "tables" / "birds.tsv").unlink()
    assert state(spec)[1]


@pytest.mark.parametrize("name", [":(exclude)x.yaml", "*.yaml", "-x.yaml", "a\nb.yaml", "ü.yaml"])
def test_a_spec_is_tracked_under_its_own_name(spec: Path, name: str) -> None:
    """Git has patterns for names, which a name is not to be taken for."""
    odd = Path(shutil.copy(spec, spec.parent / name))
    assert state(odd)[1]
    commit(spec.parent)
    assert not state(odd)[1]


def test_a_spec_that_is_a_link_is_in_the_work_tree_that_it_leads_to(spec: Path, tmp_path: Path) -> None:
    (tmp_path / "link.yaml").symlink_to(spec)
    assert state(tmp_path / "link.yaml") == (git(spec.parent, "rev-parse", "HEAD"), False)


def test_before_the_first_commit_there_is_no_state(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    assert git_state(tmp_path / "birds.yaml") is None


def test_within_a_git_directory_there_is_no_state(spec: Path) -> None:
    inside = Path(shutil.copy(spec, spec.parents[1] / ".git" / "birds.yaml"))
    assert git_state(inside) is None


def test_an_empty_folder_called_git_is_passed_over(spec: Path) -> None:
    (spec.parent / ".git").mkdir()
    assert not state(spec)[1]


@pytest.mark.parametrize(
    "said", ["gitdir: nowhere", "gitdir: /", "", "x" * 100_000, f"gitdir: {'x' * 5000}", "gitdir: loop", "gitdir: .git"]
)
def test_a_pointer_to_nothing_is_no_state(spec: Path, said: str) -> None:
    (spec.parent / "loop").symlink_to("loop")
    (spec.parent / ".git").write_text(said, encoding="utf-8")
    assert git_state(spec) is None
    with pytest.raises(GitRefused):
        work_tree_around(spec.parent)


@pytest.mark.parametrize(
    "name",
    ["", "HEAD", "config", "index", "packed-refs", "refs/heads/main", "objects/info/alternates", "info/attributes"],
)
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_has_no_end_does_not_hold_us(spec: Path, name: str, kind: str) -> None:
    odd = spec.parents[1] / ".git" / name
    if odd.is_dir():
        shutil.rmtree(odd)
    odd.unlink(missing_ok=True)
    os.mkfifo(odd) if kind == "pipe" else odd.symlink_to("/dev/zero")
    found = git_state(spec)
    assert found is None or (name == "index" and found.dirty)
    with suppress(UsageError), file_at("HEAD", spec):
        assert name == "index"


def test_a_hooks_own_variables_are_not_taken_for_the_specs(spec: Path, tmp_path: Path) -> None:
    """A hook of another repository calls us; so may one of the same, with an index of its own."""
    head, other = git(spec.parent, "rev-parse", "HEAD"), make_repository(tmp_path / "other").parents[1]
    hook = {"DIR": other / ".git", "WORK_TREE": other, "INDEX_FILE": other / "no", "OBJECT_DIRECTORY": other}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in hook.items():
            patch.setenv(f"GIT_{name}", str(value))
        found = state(spec)
    assert found == (head, False)


def test_references_in_tables_are_read(tmp_path: Path) -> None:
    """A format of references that git has since 2.45; linked work trees have a table of their own."""
    try:
        spec = make_repository(tmp_path / "work", "--ref-format=reftable")
    except subprocess.CalledProcessError:
        pytest.skip("this git does not have it")
    assert state(spec) == (git(spec.parent, "rev-parse", "HEAD"), False)
    beside = linked(spec.parents[1]) / "specs" / "birds.yaml"
    assert state(beside) == (git(beside.parent, "rev-parse", "HEAD"), False)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize(
    ("trusted", "has_state"),
    [((), False), (("{top}",), True), (("*",), True), (("{top}", ""), False), (("{top}/x",), False)],
)
def test_a_work_tree_of_another_user_is_read_when_the_user_said_so(
    spec: Path, home: Path, trusted: tuple[str, ...], *, has_state: bool
) -> None:
    """By ``safe.directory``, as git has it."""
    top = spec.parents[1]
    said = "".join(f'\tdirectory = "{entry.format(top=top)}"\n' for entry in trusted)
    (home / ".gitconfig").write_text(f"[safe]\n{said}", encoding="utf-8")
    assert git_state(spec) is not None
    os.chown(top, 12345, 12345)
    assert (git_state(spec) is not None) is has_state


@pytest.mark.parametrize("whose", ["the repository's", "the user's", "the tree's"])
def test_line_ends_are_no_difference_where_git_converts_them(spec: Path, home: Path, whose: str) -> None:
    if whose == "the repository's":
        git(spec.parent, "config", "core.autocrlf", "true")
    elif whose == "the user's":
        (home / ".gitconfig").write_text("[core]\n\tautocrlf = input\n", encoding="utf-8")
    else:
        (spec.parent / ".gitattributes").write_text("*.yaml text eol=crlf\n", encoding="utf-8")
        commit(spec.parent)
    spec.write_bytes(spec.read_bytes().replace(b"\n", b"\r\n"))
    git(spec.parent, *(("-c", "core.autocrlf=input") if whose == "the user's" else ()), "add", "birds.yaml")
    age(spec.parent)
    assert not state(spec)[1]


def test_line_ends_are_a_difference_where_git_keeps_them(spec: Path) -> None:
    spec.write_bytes(spec.read_bytes().replace(b"\n", b"\r\n"))
    assert state(spec)[1]


def test_a_file_mode_is_heeded_as_the_repository_says(spec: Path) -> None:
    spec.chmod(0o755)
    assert state(spec)[1]
    git(spec.parent, "config", "core.fileMode", "false")
    assert not state(spec)[1]


def put_under_lfs(spec: Path) -> Path:
    """Commit a pointer, and lay the file that it means in its place, as the filter of LFS does."""
    file, content = spec.parent / "big.bin", b"a large file\n" * 100
    (spec.parent / ".gitattributes").write_text("*.bin filter=lfs diff=lfs merge=lfs -text\n", encoding="utf-8")
    digest = hashlib.sha256(content).hexdigest()
    file.write_text(
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(content)}\n", encoding="utf-8"
    )
    commit(spec.parent)
    file.write_bytes(content)
    return file


def test_a_file_of_lfs_is_compared_with_what_its_pointer_means(spec: Path) -> None:
    file = put_under_lfs(spec)
    assert not state(spec)[1]
    file.write_bytes(file.read_bytes()[:-2] + b"X\n")
    assert state(spec)[1]


def test_files_of_lfs_do_not_hide_others(spec: Path) -> None:
    put_under_lfs(spec)
    (spec.parent / "tables" / "birds.tsv").write_text("bird\n", encoding="utf-8")
    assert state(spec)[1]


def test_a_submodule_differs_by_its_commit_and_by_its_files(spec: Path) -> None:
    top = spec.parents[1]
    make_repository(top.parent / "below")
    git(top, "submodule", "add", "-q", str(top.parent / "below"), "below")
    commit(top)
    assert not state(spec)[1]
    table = top / "below" / "specs" / "tables" / "birds.tsv"
    table.write_text("bird\nstork\n", encoding="utf-8")
    assert state(spec)[1]
    commit(top / "below")
    assert state(spec)[1]
    commit(top)
    assert not state(spec)[1]


def test_asking_leaves_the_repository_as_it_was(spec: Path) -> None:
    age(spec.parents[1])
    folder = spec.parents[1] / ".git"

    def whole() -> dict[Path, tuple[int, int]]:
        return {file: (file.stat().st_mtime_ns, file.stat().st_size) for file in folder.rglob("*")}

    before = whole()
    state(spec)
    assert whole() == before
