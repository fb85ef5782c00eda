"""Originals stand beside the page under neutral names: second names of the same files where possible, else copies."""

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from qwave_batch.folder.layout import RunLayout
from qwave_batch.output.folder_reader import open_folder
from qwave_batch.report.original_files import Originals, keep_originals, original_path
from tests.memory_artifacts import MemoryArtifacts
from tests.unit.report.pictured_folder import PicturedFolder, picture, pictured_folder, sha256


@pytest.fixture
def folder(tmp_path: Path) -> PicturedFolder:
    return pictured_folder(tmp_path / "run", [picture(1), picture(2)])


@pytest.fixture
def out(tmp_path: Path) -> Path:
    path = tmp_path / "out"
    path.mkdir()
    return path


def kept(out: Path, folders: Sequence[PicturedFolder]) -> Originals:
    with ExitStack() as stack:
        return keep_originals([stack.enter_context(open_folder(folder.root)) for folder in folders], out)


def test_an_original_has_a_name_that_tells_nothing_and_the_bytes_of_its_image(
    folder: PicturedFolder, out: Path
) -> None:
    found = kept(out, [folder])
    for path, data in folder.images.items():
        address = original_path(sha256(data))
        assert address == f"full/{sha256(data)[:2]}/{sha256(data)[:32]}"
        assert (out / address).samefile(folder.root / path)
    assert (found.missing, found.removed) == ([], 0)
    assert sorted(path.name for path in (out / "full").iterdir()) == sorted({each[:2] for each in folder.hashes()})


def test_originals_that_are_there_are_let_be_and_others_go(folder: PicturedFolder, out: Path) -> None:
    kept(out, [folder])
    before = {each: (out / original_path(each)).stat().st_ino for each in folder.hashes()}
    stranger = out / "full/readme.txt"
    stranger.write_bytes(b"mine")
    first, second = folder.hashes()
    (folder.root / "images/m/1.png").unlink()
    assert kept(out, [folder]).missing == []
    assert (out / original_path(second)).stat().st_ino == before[second]
    found = kept(out, [pictured_folder(folder.root, [picture(1)])])
    assert found.removed == 1
    assert (out / original_path(first)).stat().st_ino == before[first]
    assert not (out / original_path(second)).exists()
    assert stranger.read_bytes() == b"mine"


def test_an_original_of_the_wrong_size_is_brought_again(folder: PicturedFolder, out: Path) -> None:
    first = folder.hashes()[0]
    kept(out, [folder])
    (out / original_path(first)).unlink()
    (out / original_path(first)).write_bytes(b"half")
    kept(out, [folder])
    assert sha256((out / original_path(first)).read_bytes()) == first


def test_the_original_of_an_image_that_a_run_fetched_again_is_brought_again(
    folder: PicturedFolder, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Damage need not change the size; and without hard links the original is a file of its own."""
    (path, data), (other, _) = folder.images.items()
    original, image = out / original_path(sha256(data)), folder.root / path
    (folder.root / other).unlink()
    monkeypatch.setattr("os.link", refuse)
    image.write_bytes(bytes(len(data)))
    kept(out, [folder])
    before = original.stat().st_ino
    kept(out, [folder])
    assert original.stat().st_ino == before
    image.unlink()
    image.write_bytes(data)
    os.utime(image, ns=(original.stat().st_mtime_ns + 1,) * 2)
    kept(out, [folder])
    assert original.read_bytes() == data
    os.utime(image, ns=(original.stat().st_mtime_ns + 1,) * 2)
    image.write_bytes(b"short")
    assert [each.file.path for each in kept(out, [folder]).missing] == [other]
    assert original.read_bytes() == data


def refuse(*_: object, **__: object) -> None:
    raise PermissionError


def test_an_image_that_is_gone_or_of_another_size_has_no_original(folder: PicturedFolder, out: Path) -> None:
    gone, changed = folder.images
    (folder.root / gone).unlink()
    (folder.root / changed).write_bytes(b"short")
    found = kept(out, [folder])
    assert [image.file.path for image in found.missing] == [gone, changed]
    assert [path for path in (out / "full").rglob("*") if path.is_file()] == []


def test_no_link_is_followed(folder: PicturedFolder, out: Path, tmp_path: Path) -> None:
    """Neither among the images, nor in the report: what lies behind it is neither shown nor written."""
    first, second = folder.images
    secret = tmp_path / "secret"
    secret.write_bytes(folder.images[first])
    (folder.root / first).unlink()
    (folder.root / first).symlink_to(secret)
    target = out / original_path(sha256(folder.images[second]))
    target.parent.mkdir(parents=True)
    target.symlink_to(secret)
    found = kept(out, [folder])
    assert [image.file.path for image in found.missing] == [first]
    assert secret.read_bytes() == folder.images[first]
    assert not target.is_symlink()
    assert target.read_bytes() == folder.images[second]


def test_a_record_that_leads_out_of_the_folder_brings_nothing(
    folder: PicturedFolder, out: Path, tmp_path: Path
) -> None:
    (tmp_path / "secret.png").write_bytes(picture(1))
    manifest = folder.root / "manifest.jsonl"
    manifest.write_text(manifest.read_text().replace("images/m/0.png", "images/../../secret.png"))
    assert [image.file.path for image in kept(out, [folder]).missing] == ["images/../../secret.png"]


@pytest.fixture(params=["a store", "another file system"])
def far_folder(
    request: pytest.FixtureRequest, folder: PicturedFolder, monkeypatch: pytest.MonkeyPatch
) -> PicturedFolder:
    """The folder's artifacts where a file can have no second name in the report."""
    if request.param == "another file system":
        return pictured_folder(request.getfixturevalue("other_file_system") / "run", folder.images.values())
    store = MemoryArtifacts()
    for path in ("manifest.jsonl", *folder.images):
        store.put(path, (folder.root / path).read_bytes())
    monkeypatch.setattr(RunLayout, "artifacts", property(lambda _: store))
    return folder


def test_what_can_have_no_second_name_is_copied(far_folder: PicturedFolder, out: Path) -> None:
    assert kept(out, [far_folder]).missing == []
    paths = [out / original_path(each) for each in far_folder.hashes()]
    assert [path.read_bytes() for path in paths] == list(far_folder.images.values())
    assert not (out / "full/.part").exists()
    before = [path.stat().st_ino for path in paths]
    kept(out, [far_folder])
    assert [path.stat().st_ino for path in paths] == before
