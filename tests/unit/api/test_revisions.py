"""A spec of a revision, with its tables: as git stores them, within a folder of their own, and nothing else."""

import hashlib
from pathlib import Path

import pytest

from qwave_batch import compare_plan, open_plan
from qwave_batch.api import revisions
from qwave_batch.api.revisions import file_at
from qwave_batch.errors import SpecError, UsageError
from tests.unit.git.gitting import BIRDS, SPEC, age, commit, git, make_repository

SECRET = "a-line-of-a-foreign-file"


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "work")


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A table that is not the repository's."""
    folder = tmp_path / "foreign"
    folder.mkdir()
    (folder / "birds.tsv").write_text(f"bird\n{SECRET}\n", encoding="utf-8")
    return folder


def committed_table(spec: Path) -> Path:
    return spec.parent / "tables" / "birds.tsv"


def restore(spec: Path) -> None:
    """Let the work tree be sound again, whatever is committed."""
    table = committed_table(spec)
    if table.parent.is_symlink():
        table.parent.unlink()
    table.parent.mkdir(exist_ok=True)
    table.unlink(missing_ok=True)
    table.write_text(BIRDS, encoding="utf-8")
    spec.unlink(missing_ok=True)
    spec.write_text(SPEC, encoding="utf-8")


def unchanged(spec: Path, revision: str = "HEAD") -> int:
    return compare_plan(open_plan(spec), revision, source=spec).comparison.total.unchanged.jobs


def table_at(revision: str, spec: Path) -> str:
    with file_at(revision, spec) as then:
        return (then.root / "specs" / "tables" / "birds.tsv").read_text(encoding="utf-8")


def refused(spec: Path, *, allow_read: tuple[Path, ...] = ()) -> str:
    with pytest.raises(UsageError) as refusal:
        compare_plan(open_plan(spec), "HEAD", source=spec, allow_read=allow_read)
    assert SECRET not in str(refusal.value)
    assert "qwave-then-" not in str(refusal.value)
    return str(refusal.value)


def committed_tree(spec: Path, *entries: tuple[str, str, str, bytes]) -> None:
    """Commit a tree whose names git itself would refuse: mode, kind, id and name of each entry."""
    raw = b"".join(f"{mode} ".encode() + name + b"\0" + bytes.fromhex(oid) for mode, _, oid, name in entries)
    stored = spec.parent / "raw"
    stored.write_bytes(raw)
    oid = git(spec.parent, "hash-object", "-w", "-t", "tree", "--literally", "raw")
    stored.unlink()
    made = git(spec.parent, "commit-tree", oid, "-m", "odd")
    git(spec.parent, "update-ref", "refs/heads/odd", made)


def test_links_within_the_repository_are_followed(spec: Path) -> None:
    """A link to a table, one to a folder, and a chain that goes up and down."""
    for number, (name, target) in enumerate(
        {"specs/tables/link.tsv": "birds.tsv", "specs/more": "tables", "far": "specs/../specs/more"}.items()
    ):
        (spec.parents[1] / name).symlink_to(target)
        used = ("tables/link.tsv", "more/birds.tsv", "../far/link.tsv")[number]
        spec.write_text(SPEC.replace("tables/birds.tsv", used), encoding="utf-8")
        commit(spec.parent)
        assert unchanged(spec) == 2


def test_a_base_is_found_from_the_file_that_a_link_leads_to(spec: Path) -> None:
    shared = spec.parents[1] / "shared"
    shared.mkdir()
    (shared / "base.yaml").write_text("extends: below.yaml\n", encoding="utf-8")
    (shared / "below.yaml").write_text(SPEC, encoding="utf-8")
    (spec.parent / "base.yaml").symlink_to("../shared/base.yaml")
    spec.write_text("extends: base.yaml\n", encoding="utf-8")
    commit(spec.parent)
    assert unchanged(spec) == 2


@pytest.mark.parametrize(
    "target", ["{foreign}/birds.tsv", "../../../foreign/birds.tsv", "../../../../../../../dev/zero"]
)
def test_a_link_that_leads_out_is_not_followed(spec: Path, foreign: Path, target: str) -> None:
    """Not even where the folder may be read: what it held then is not known."""
    committed_table(spec).unlink()
    committed_table(spec).symlink_to(target.format(foreign=foreign))
    commit(spec.parent)
    restore(spec)
    assert "leads out of the repository" in refused(spec)
    assert "leads out of the repository" in refused(spec, allow_read=(foreign,))


def test_a_folder_that_is_a_link_out_is_not_entered(spec: Path, foreign: Path) -> None:
    committed_table(spec).unlink()
    committed_table(spec).parent.rmdir()
    committed_table(spec).parent.symlink_to(foreign)
    commit(spec.parent)
    restore(spec)
    assert "leads out of the repository" in refused(spec)


@pytest.mark.parametrize("target", ["/etc/passwd", "../../foreign/birds.tsv", "birds.yaml"])
def test_a_spec_that_was_a_link_out_shows_nothing(spec: Path, foreign: Path, target: str) -> None:
    spec.unlink()
    spec.symlink_to(target)
    commit(spec.parent)
    restore(spec)
    assert "specs/birds.yaml of HEAD" in refused(spec)


def test_a_link_into_the_git_directory_leads_nowhere(spec: Path) -> None:
    spec.unlink()
    spec.symlink_to("../.git/config")
    commit(spec.parent)
    restore(spec)
    with file_at("HEAD", spec) as then:
        assert not then.exists


@pytest.mark.parametrize("name", [b"..", b".", b".git", b".GIT", b"a/b", b"/etc", b""])
def test_a_name_that_a_checkout_refuses_is_not_there(spec: Path, name: bytes) -> None:
    blob = git(spec.parent, "rev-parse", "HEAD:specs/tables/birds.tsv")
    tables = git(spec.parent, "rev-parse", "HEAD:specs/tables")
    committed_tree(spec, ("100644", "blob", blob, name), ("40000", "tree", tables, b"specs"))
    spec.write_text(SPEC.replace("tables/birds.tsv", "../.git/birds.tsv"), encoding="utf-8")
    with file_at("odd", spec) as then:
        assert not then.exists
        assert [file for file in then.root.rglob("*") if file.name != ".git"] == []


def test_a_tree_that_unfolds_without_an_end_is_not_unfolded(spec: Path) -> None:
    """Ten levels of ten times the same folder are ten thousand million files in a few hundred bytes."""
    specs = git(spec.parent, "rev-parse", "HEAD:specs")
    below = git(spec.parent, "mktree", given="")
    for _ in range(12):
        below = git(spec.parent, "mktree", given="".join(f"040000 tree {below}\t{n}\n" for n in range(10)))
    committed_tree(spec, ("40000", "tree", below, b"bomb"), ("40000", "tree", specs, b"specs"))
    assert unchanged(spec, "odd") == 2


def test_a_file_of_lfs_is_told_as_such(spec: Path) -> None:
    """Its pointer would be read as a table with a strange header."""
    digest = hashlib.sha256(BIRDS.encode()).hexdigest()
    committed_table(spec).write_text(
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(BIRDS)}\n", encoding="utf-8"
    )
    commit(spec.parent)
    restore(spec)
    said = refused(spec)
    assert "specs/tables/birds.tsv of HEAD is stored with Git LFS" in said
    assert "git worktree add" in said


def test_a_file_that_is_too_large_is_not_written(spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixteen megabytes that git holds in sixteen kilobytes."""
    monkeypatch.setattr(revisions, "MOST_FILE_BYTES", 1 << 20)
    committed_table(spec).write_bytes(b"bird\n" + bytes(1 << 24))
    commit(spec.parent)
    restore(spec)
    with file_at("HEAD", spec) as then:
        assert not (then.root / "specs" / "tables" / "birds.tsv").exists()
    assert "is too large: 16,777,221 bytes" in refused(spec)


def test_files_that_are_too_large_together_are_not_written(spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revisions, "MOST_BYTES", len(SPEC) + len(BIRDS) - 1)
    assert "is too large" in refused(spec)


def test_a_table_of_some_megabytes_is_read_whole(spec: Path) -> None:
    committed_table(spec).write_text(BIRDS + "owl\n" * 500_000, encoding="utf-8")
    commit(spec.parent)
    with file_at("HEAD", spec) as then:
        assert (then.root / "specs/tables/birds.tsv").read_bytes() == committed_table(spec).read_bytes()


def test_line_ends_make_no_other_jobs(spec: Path) -> None:
    """Git keeps one kind and lays out the other; cells with line ends in them are the same jobs all the same."""
    (spec.parents[1] / ".gitattributes").write_text("* text eol=crlf\n", encoding="utf-8")
    table = spec.parent / "tables" / "birds.csv"
    table.write_bytes(b'bird\r\n"an\r\nowl"\r\nheron\r\n')
    spec.write_bytes(SPEC.replace("birds.tsv", "birds.csv").replace("\n", "\r\n").encode())
    commit(spec.parent)
    assert b"\r" not in git(spec.parent, "cat-file", "blob", "HEAD:specs/tables/birds.csv").encode()
    assert unchanged(spec) == 2


def test_what_lies_in_a_submodule_is_told(spec: Path, tmp_path: Path) -> None:
    make_repository(tmp_path / "below")
    git(spec.parents[1], "submodule", "add", "-q", str(tmp_path / "below"), "below")
    spec.write_text(SPEC.replace("tables", "../below/specs/tables"), encoding="utf-8")
    commit(spec.parents[1])
    assert "lies in a submodule" in refused(spec)
    assert unchanged(spec.parents[1] / "below" / "specs" / "birds.yaml") == 2


def test_a_spec_of_then_is_held_to_its_own_repository(spec: Path, foreign: Path) -> None:
    """Wherever its temporary folder lies."""
    spec.write_text(SPEC.replace("tables/birds.tsv", f"{foreign}/birds.tsv"), encoding="utf-8")
    commit(spec.parent)
    restore(spec)
    assert "is outside" in refused(spec)


@pytest.mark.parametrize("kind", ["linked", "shared", "shallow", "sha256", "packed"])
def test_every_kind_of_repository_has_its_revisions(spec: Path, tmp_path: Path, kind: str) -> None:
    top, here = spec.parents[1], tmp_path / "here"
    match kind:
        case "linked":
            git(top, "worktree", "add", "-q", "-b", "other", str(here))
        case "shared":
            git(tmp_path, "clone", "-q", "--shared", str(top), str(here))
        case "shallow":
            commit(top)
            git(tmp_path, "clone", "-q", "--depth=1", top.as_uri(), str(here))
        case "sha256":
            make_repository(here, "--object-format=sha256")
        case _:
            git(top, "gc", "-q")
            top.rename(here)
    age(here)
    spec = here / "specs" / "birds.yaml"
    head = git(here, "rev-parse", "HEAD")
    for revision in ("HEAD", head, head[:10], "HEAD^{/x}", "HEAD@{0}"):
        assert table_at(revision, spec) == BIRDS


def test_the_usual_ways_to_name_a_revision_are_known(spec: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(spec.parents[1]), "clone")
    clone = tmp_path / "clone"
    git(clone, "tag", "-a", "v1", "-m", "one")
    commit(clone, "second")
    for revision in ("HEAD~1", "v1", "v1^{commit}", "origin/main", "@{u}", "main@{upstream}", "HEAD@{1}", "HEAD^{/x}"):
        assert table_at(revision, clone / "specs" / "birds.yaml") == BIRDS


@pytest.mark.parametrize("revision", ["-x", "--all", "a\0b", "a\nb", "HEAD\n--all", "x" * 200_000, "", "^HEAD", "A..B"])
def test_an_odd_revision_is_a_sentence(spec: Path, revision: str) -> None:
    with pytest.raises(UsageError, match="git knows no revision"), file_at(revision, spec):
        pass


def test_a_damaged_object_is_a_sentence(spec: Path) -> None:
    blob = git(spec.parent, "rev-parse", "HEAD:specs/tables/birds.tsv")
    stored = spec.parents[1] / ".git" / "objects" / blob[:2] / blob[2:]
    stored.chmod(0o644)
    stored.write_bytes(stored.read_bytes()[:-5])
    with pytest.raises(UsageError), file_at("HEAD", spec):
        pass


def test_a_part_of_a_clone_tells_what_it_has_not(spec: Path, tmp_path: Path) -> None:
    git(spec.parent, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--filter=blob:none", spec.parents[1].as_uri(), "part")
    part = tmp_path / "part" / "specs" / "birds.yaml"
    assert unchanged(part) == 2
    committed_table(spec).write_text("bird\nstork\n", encoding="utf-8")
    commit(spec.parent)
    git(tmp_path / "part", "fetch", "-q")
    with file_at("origin/main", part) as then:
        assert "is not in this clone" in then.withheld["specs/tables/birds.tsv"]


def test_nothing_is_left_behind(spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    before = sorted((spec.parents[1] / ".git").iterdir())
    with file_at("HEAD", spec) as then:
        assert then.root.is_relative_to(scratch)
    assert list(scratch.iterdir()) == []
    assert sorted((spec.parents[1] / ".git").iterdir()) == before


def test_a_spec_that_is_wrong_then_is_told_by_its_revision(spec: Path) -> None:
    committed_table(spec).unlink()
    commit(spec.parent)
    restore(spec)
    with pytest.raises(SpecError, match=r"HEAD:specs/tables/birds\.tsv"):
        unchanged(spec)
