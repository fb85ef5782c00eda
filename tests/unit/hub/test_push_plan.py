"""Laws of the commits that a push makes: they end at the layout, keep to their limits, and never mix rows up."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.hub.push_plan import (
    CARD,
    CommitLimits,
    FileRole,
    RemoteFile,
    differences_of,
    plan_commits,
    role_of,
)
from qwave_batch.hub.push_record import PushRecord, git_oid_of, read_push_record

Files = Mapping[str, str]
"""Contents by path."""

IMAGES = [f"data/{split}/images/000/{number:06}.png" for split in ("train", "test") for number in range(6)]
TABLES = [f"data/{split}/metadata.parquet" for split in ("train", "test")]


def with_tables(images: Files, *, has_card: bool = True) -> dict[str, str]:
    """A layout: each split's table names its images with their contents."""
    files = dict(images)
    for table in TABLES:
        split = table.rpartition("/")[0]
        rows = sorted((path, content) for path, content in images.items() if path.startswith(f"{split}/"))
        if rows:
            files[table] = repr(rows)
    return {**files, CARD: repr(sorted(files))} if has_card else files


IMAGE_SETS = st.dictionaries(st.sampled_from(IMAGES), st.sampled_from("abc"))
LIMITS = st.builds(CommitLimits, new_files=st.integers(1, 5), together=st.integers(4, 9))
OTHERS = st.dictionaries(st.sampled_from(["notes.txt", "data/readme", "data/train/images/000/x.png"]), st.just("o"))


def listed(files: Files) -> dict[str, RemoteFile]:
    return {path: RemoteFile(1, content, content) for path, content in files.items()}


def states(local: Files, remote: Files, limits: CommitLimits) -> list[dict[str, str]]:
    """The repository after each commit of a push."""
    there = listed(remote)
    found = differences_of(list(local), there, is_same=lambda path, file: file.sha256 == local[path], is_known=True)
    after, states = dict(remote), []
    for commit in plan_commits(found, there, limits):
        for path in commit.deleted:
            del after[path]
        after |= {path: local[path] for path in commit.added}
        assert not set(commit.added) & set(commit.deleted)
        states.append(dict(after))
    return states


def rows_have_their_images(files: Files) -> bool:
    named = [row for path, content in files.items() if role_of(path) is FileRole.TABLE for row in eval(content)]
    return all(files.get(path) == content for path, content in named)


@given(IMAGE_SETS, IMAGE_SETS, OTHERS, LIMITS)
def test_every_commit_keeps_rows_and_images_together_and_the_last_one_is_the_layout(
    before: Files, after: Files, others: Files, limits: CommitLimits
) -> None:
    local, remote = with_tables(after), {**with_tables(before), **others}
    found = states(local, remote, limits)
    assert all(rows_have_their_images(files) for files in found)
    assert (found[-1] if found else remote) == {**others, **local}


@given(IMAGE_SETS, IMAGE_SETS, LIMITS, st.integers(0, 20))
def test_a_push_that_was_cut_off_anywhere_is_finished_by_another(
    before: Files, after: Files, limits: CommitLimits, at: int
) -> None:
    local = with_tables(after)
    stopped = [with_tables(before), *states(local, with_tables(before), limits)]
    found = states(local, stopped[min(at, len(stopped) - 1)], limits)
    assert all(rows_have_their_images(files) for files in found)
    assert not found or found[-1] == local


@given(IMAGE_SETS, LIMITS)
def test_nothing_is_committed_where_nothing_differs(images: Files, limits: CommitLimits) -> None:
    assert states(with_tables(images), with_tables(images), limits) == []


@given(IMAGE_SETS, IMAGE_SETS)
def test_a_change_that_fits_is_one_commit(before: Files, after: Files) -> None:
    assert len(states(with_tables(after), with_tables(before), CommitLimits())) <= 1


def test_files_that_no_push_has_put_there_are_not_removed() -> None:
    there = listed({IMAGES[0]: "a"})
    found = differences_of([IMAGES[1]], there, is_same=lambda *_: True, is_known=False)
    assert (found.new, found.gone) == ((IMAGES[1],), ())


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("README.md", FileRole.CARD),
        ("data/test/metadata.parquet", FileRole.TABLE),
        ("data/a b/images/000/000000.png", FileRole.IMAGE),
        ("data/train/images/1000/1000000.jpg", FileRole.IMAGE),
        ("data/train/images/000/000000.png.xmp", FileRole.IMAGE),
        (f"data/train/inputs/0a/{'0a' * 32}.jpg", FileRole.IMAGE),
        ("data/train/inputs/0a/cat.jpg", None),
        (".qwave-push.json", FileRole.RECORD),
        ("data/train/images/000/cat.png", None),
        ("data/train/notes/metadata.parquet", None),
        ("data/README.md", None),
        (".gitattributes", None),
    ],
)
def test_the_place_of_a_file_tells_its_role(path: str, role: FileRole | None) -> None:
    assert role_of(path) is role


@pytest.mark.parametrize("record", [PushRecord(), PushRecord(git_oid_of(b"card"))])
def test_a_record_reads_back(record: PushRecord) -> None:
    assert read_push_record(record.data()) == record


@pytest.mark.parametrize("data", [b"", b"[]", b'{"card": 3}', b"\xff"])
def test_a_record_that_makes_no_sense_claims_no_card(data: bytes) -> None:
    assert read_push_record(data) == PushRecord()


def test_the_hash_of_a_file_is_that_of_git() -> None:
    assert git_oid_of(b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
