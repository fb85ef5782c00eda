"""Trees and pointers, whatever bytes a stranger put into them."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.git.committed import TreeEntry, entries_in
from qwave_batch.git.git_process import GitRefused
from qwave_batch.git.git_settings import GitSettings, settings_of
from qwave_batch.git.objects import is_pointer, pointer_in

NAMES = st.binary(min_size=1, max_size=20).filter(lambda name: not {0, ord("/")} & set(name))
OIDS = st.sampled_from([20, 32])


def tree_of(entries: list[tuple[bytes, bytes, bytes]]) -> bytes:
    return b"".join(mode + b" " + name + b"\0" + oid for mode, name, oid in entries)


@given(st.lists(st.tuples(st.sampled_from([b"100644", b"40000", b"120000"]), NAMES)), OIDS, st.data())
def test_a_tree_lists_what_was_written(files: list[tuple[bytes, bytes]], oid_bytes: int, data: st.DataObject) -> None:
    """Ids may hold any byte, a NUL and a space among them."""
    whole = [(mode, name, data.draw(st.binary(min_size=oid_bytes, max_size=oid_bytes))) for mode, name in files]
    found = entries_in(tree_of(whole), oid_bytes)
    kept = {name: (mode, oid) for mode, name, oid in reversed(whole) if name.lower() not in {b".git", b".", b".."}}
    assert {name.encode("utf-8", "surrogateescape"): entry for name, entry in found.items()} == {
        name: TreeEntry(mode.decode(), oid.hex()) for name, (mode, oid) in kept.items()
    }


@given(st.binary(max_size=200), OIDS)
def test_other_bytes_are_a_tree_or_an_error(raw: bytes, oid_bytes: int) -> None:
    try:
        found = entries_in(raw, oid_bytes)
    except GitRefused:
        return
    assert all("/" not in name and name not in {"", ".", "..", ".git"} for name in found)


def test_a_tree_that_is_cut_off_is_damaged() -> None:
    whole = tree_of([(b"100644", b"a", b"x" * 20)])
    assert entries_in(whole, 20)
    for end in range(1, len(whole)):
        with pytest.raises(GitRefused):
            entries_in(whole[:end], 20)


@given(st.binary(max_size=2000))
def test_other_bytes_are_not_a_pointer(raw: bytes) -> None:
    assert pointer_in(raw) is None
    assert not is_pointer(raw) or raw.startswith(b"version https://")


def test_a_pointer_says_what_it_means() -> None:
    digest = hashlib.sha256(b"").hexdigest()
    said = f"version https://git-lfs.github.com/spec/v1\next-0-x sha256:{digest}\noid sha256:{digest}\nsize 12\n"
    found = pointer_in(said.encode())
    assert found is not None
    assert (found.sha256, found.size_bytes) == (digest, 12)
    assert is_pointer(said.encode() + b"x")
    assert not is_pointer(said.encode() + b"x" * 1000)


TEXTS = st.text(st.characters(codec="utf-8"), max_size=30)
KEYS = st.sampled_from(
    ["core.autocrlf", "core.fsmonitor", "core.hookspath", "branch.x.merge", "branch.{}.remote", "remote.{}.fetch"]
)


@given(st.lists(st.tuples(KEYS, TEXTS, TEXTS)))
def test_no_setting_writes_a_line_of_its_own(said: list[tuple[str, str, str]]) -> None:
    """A name or a value with line ends, quotes or brackets stays what it is, or is left out."""
    settings = settings_of([(key.format(name), value) for key, name, value in said], ())
    known = ("[core]", "[protocol]", "[gc]", "[maintenance]", "[branch ", "[remote ", "\turl = /dev/null")
    plain = GitSettings(object_format="sha1", ref_format="files", is_bare=False, heeded={}, tracking=()).as_config()
    for line in settings.as_config().split("\n"):
        assert line in plain or line.startswith((*known, "\tautocrlf = ", "\tmerge = ", "\tremote = ", "\tfetch = "))


@pytest.mark.parametrize("name", ["extensions.unheard", "core.repositoryformatversion", "extensions.objectformat"])
def test_a_repository_of_an_unknown_kind_is_not_read(name: str) -> None:
    with pytest.raises(GitRefused):
        settings_of([(name, "7")], ())
