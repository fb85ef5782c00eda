import hashlib
import os
import shutil
from pathlib import Path

import pytest

from qwave_batch.errors import StorageError
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.placing import ImageName, Placing
from qwave_batch.imaging.image_inspection import ImageInfo

NAME = ImageName(job_path="z-image-turbo/alley", job_id="0123456789abcdef")


def nobody(path: str) -> None:
    return None


@pytest.fixture
def layout(tmp_path: Path) -> RunLayout:
    layout = RunLayout(tmp_path / "run")
    layout.create()
    return layout


def place(
    layout: RunLayout, data: bytes, name: ImageName = NAME, image_format: str = "png", *, owner: str | None = None
) -> str:
    partial = layout.workspace.partial_of(name.job_id, name.number)
    partial.write_bytes(data)
    image = ImageInfo(
        format=image_format, width=1, height=1, sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data)
    )
    path = (
        Placing(layout)
        .place(layout.relative(partial), image, name, lambda path: owner if "-0123" not in path else None)
        .path
    )
    assert not partial.exists()
    assert (layout.root / path).read_bytes() == data
    return path


@pytest.mark.parametrize(
    ("image_format", "ending"), [("png", "png"), ("jpeg", "jpg"), ("webp", "webp"), ("gif", "gif")]
)
def test_the_extension_comes_from_the_bytes(layout: RunLayout, image_format: str, ending: str) -> None:
    assert place(layout, b"x", image_format=image_format) == f"images/z-image-turbo/alley.{ending}"


def test_requests_that_may_return_several_number_their_images(layout: RunLayout) -> None:
    first = ImageName(job_path="p", job_id="a", number=1, of_many=True)
    twelfth = ImageName(job_path="p", job_id="a", number=12, of_many=True)
    assert place(layout, b"x", first) == "images/p_1.png"
    assert place(layout, b"y", twelfth) == "images/p_12.png"


def test_a_stranger_of_that_name_is_left_alone(layout: RunLayout) -> None:
    target = layout.root / "images/z-image-turbo/alley.png"
    target.parent.mkdir(parents=True)
    target.write_bytes(b"mine")
    assert place(layout, b"x") == "images/z-image-turbo/alley-0123456789abcdef.png"
    assert target.read_bytes() == b"mine"


def test_a_name_on_another_jobs_record_is_left_alone_even_when_its_file_is_gone(layout: RunLayout) -> None:
    assert place(layout, b"x", owner="another") == "images/z-image-turbo/alley-0123456789abcdef.png"


def test_another_jobs_file_with_the_same_bytes_is_still_another_jobs(layout: RunLayout) -> None:
    place(layout, b"x")
    assert place(layout, b"x", owner="another").endswith("-0123456789abcdef.png")


def test_the_jobs_own_file_is_replaced(layout: RunLayout) -> None:
    place(layout, b"damaged")
    assert place(layout, b"x", owner=NAME.job_id) == "images/z-image-turbo/alley.png"


def test_what_a_crash_left_before_it_was_recorded_is_taken_over(layout: RunLayout) -> None:
    place(layout, b"x")
    assert place(layout, b"x") == "images/z-image-turbo/alley.png"


def test_when_every_name_is_taken_a_number_is_found(layout: RunLayout) -> None:
    paths = [place(layout, data) for data in (b"1", b"2", b"3", b"4", b"5")]
    assert paths == [
        "images/z-image-turbo/alley.png",
        "images/z-image-turbo/alley-0123456789abcdef.png",
        "images/0123456789abcdef.png",
        "images/0123456789abcdef-2.png",
        "images/0123456789abcdef-3.png",
    ]


def test_a_file_where_a_folder_must_be_is_gone_round(layout: RunLayout) -> None:
    (layout.images / "z-image-turbo").write_bytes(b"a file")
    assert place(layout, b"x") == "images/0123456789abcdef.png"


@pytest.mark.parametrize("depth", ["images", "images/z-image-turbo"])
def test_a_symbolic_link_is_no_way_out(layout: RunLayout, tmp_path: Path, depth: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    link = layout.root / depth
    if link.is_dir():
        link.rmdir()
    link.symlink_to(outside)
    with pytest.raises(StorageError, match="is a symbolic link"):
        place(layout, b"x")
    assert list(outside.iterdir()) == []


def test_a_link_under_the_very_name_is_left_alone(layout: RunLayout, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"x")
    (layout.images / "z-image-turbo").mkdir()
    (layout.images / "z-image-turbo" / "alley.png").symlink_to(victim)
    assert place(layout, b"x").endswith("-0123456789abcdef.png")
    assert victim.read_bytes() == b"x"


@pytest.mark.parametrize("path", ["../x", "a/../../../x"])
def test_a_path_that_leaves_is_refused_even_here(layout: RunLayout, path: str) -> None:
    with pytest.raises(StorageError, match="cannot write images/"):
        place(layout, b"x", ImageName(job_path=path, job_id="../.."))


def test_a_fetched_again_image_goes_where_the_record_says(layout: RunLayout) -> None:
    partial = layout.workspace.partial / "again"
    partial.write_bytes(b"x")
    Placing(layout).restore(layout.relative(partial), "images/old/name.png")
    assert (layout.images / "old" / "name.png").read_bytes() == b"x"


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes anywhere")
def test_a_read_only_folder_says_so(layout: RunLayout) -> None:
    layout.images.chmod(0o500)
    try:
        with pytest.raises(StorageError, match="permission denied"):
            place(layout, b"x")
    finally:
        layout.images.chmod(0o700)


def test_a_folder_that_is_removed_while_images_come_is_made_again(layout: RunLayout) -> None:
    placing = Placing(layout)
    for number in (1, 2):
        partial = layout.workspace.partial / "a"
        partial.write_bytes(b"x")
        placing.restore(layout.relative(partial), f"images/m/{number}.png")
        if number == 1:
            shutil.rmtree(layout.images / "m")
    assert (layout.images / "m" / "2.png").read_bytes() == b"x"
