"""Which fields of a request hold its input images, and which of these is a mask."""

from dataclasses import replace

import pytest

from qwave_batch.catalog.catalog_files import catalog_dates, open_catalog
from qwave_batch.export.edit_inputs import EditInput, ImageFields, InputRole, inputs_of, with_role
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.parent_links import ParentLink
from qwave_batch.model.record import ImageFile

STORED = f"sha256:{'a' * 64}"
WEB = "https://pictures.example.com/cup.png"
FIELDS = ImageFields(images=frozenset({"image_urls", "mask_url", "sref"}), masks=frozenset({"mask_url"}))


def test_inputs_come_in_the_order_of_the_request_with_their_places() -> None:
    request: JsonObject = {"prompt": "A cup", "image_urls": [STORED, WEB], "mask_url": STORED, "sref": WEB, "n": 2}
    assert [(each.field, each.role, each.source) for each in inputs_of(request, FIELDS)] == [
        ("image_urls[0]", InputRole.INPUT, STORED),
        ("image_urls[1]", InputRole.INPUT, WEB),
        ("mask_url", InputRole.MASK, STORED),
        ("sref", InputRole.INPUT, WEB),
    ]


def test_a_reference_in_any_other_field_is_not_an_image() -> None:
    """A prompt may be about hashes."""
    assert inputs_of({"prompt": STORED, "image_urls": [], "mask_url": None, "sref": ""}, FIELDS) == ()


def test_masks_are_told_apart() -> None:
    found = inputs_of({"image_urls": [STORED], "mask_url": WEB}, FIELDS)
    assert with_role(found, InputRole.MASK) == (EditInput(field="mask_url", role=InputRole.MASK, source=WEB),)
    assert [each.is_stored for each in found] == [True, False]


PARENT = "b" * 16
IMAGES = {
    number: ImageFile(
        path=f"images/b_{number}.png", sha256=f"{number}" * 64, size_bytes=1, width=1, height=1, format="png",
        source_url="",
    )
    for number in (1, 2)
}  # fmt: skip


def of_grid(link: ParentLink) -> ImageFile | None:
    return IMAGES.get(link.image or 0) if link.job_id == PARENT else None


def test_an_image_of_a_parent_is_a_file_of_the_folder() -> None:
    request: JsonObject = {"prompt": f"job:{PARENT}#1", "image_urls": [f"job:{PARENT}#2", f"job:{'c' * 16}#1"]}
    found, lost = inputs_of(request, FIELDS, of_grid)
    assert (found.source, found.path, found.parent) == (f"sha256:{'2' * 64}", IMAGES[2].path, ParentLink(PARENT, 2))
    assert (lost.path, lost.parent) == ("", ParentLink("c" * 16, 1))
    assert found.is_stored
    assert lost.is_stored


@pytest.mark.parametrize(
    ("more", "task", "expected"),
    [
        ({"index": 2}, PARENT, ["images/b_2.png"]),
        ({"index": 3}, PARENT, [""]),
        ({}, PARENT, []),
        ({"index": 1}, "c" * 16, []),
    ],
    ids=["one of four", "one that is not there", "all of them", "a task that made none"],
)
def test_a_task_of_a_parent_gives_the_image_that_is_gone_on_from(
    more: JsonObject, task: str, expected: list[str]
) -> None:
    fields = replace(FIELDS, tasks={"ref_task_id": "index"})
    assert [each.path for each in inputs_of({"ref_task_id": f"job:{task}", **more}, fields, of_grid)] == expected


def test_a_task_with_a_single_image_needs_no_number() -> None:
    fields = replace(FIELDS, tasks={"ref_task_id": "index"})
    (found,) = inputs_of({"ref_task_id": f"job:{PARENT}"}, fields, lambda link: IMAGES[1] if link.image == 1 else None)
    assert (found.field, found.path) == ("ref_task_id", "images/b_1.png")


@pytest.mark.parametrize("date", catalog_dates())
def test_each_catalog_names_fields_that_hold_images_as_its_masks(date: str) -> None:
    catalog = open_catalog(date)
    assert catalog.mask_fields
    assert catalog.mask_fields < catalog.image_fields
