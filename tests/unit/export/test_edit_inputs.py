"""Which fields of a request hold its input images, and which of these is a mask."""

import pytest

from qwave_batch.catalog.catalog_files import catalog_dates, open_catalog
from qwave_batch.export.edit_inputs import EditInput, ImageFields, InputRole, inputs_of, with_role
from qwave_batch.model.jsontypes import JsonObject

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


@pytest.mark.parametrize("date", catalog_dates())
def test_each_catalog_names_fields_that_hold_images_as_its_masks(date: str) -> None:
    catalog = open_catalog(date)
    assert catalog.mask_fields
    assert catalog.mask_fields < catalog.image_fields
