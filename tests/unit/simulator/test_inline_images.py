"""The simulator decodes images inside requests, as the API does, and refuses anything else."""

import base64
from io import BytesIO

import pytest
from PIL import Image

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.simulator.replies import Reply
from qwave_batch.simulator.validation import ImageOrder, read_order

CATALOG = open_catalog("2026-05")


def image(form: str = "PNG", mode: str = "RGB") -> str:
    out = BytesIO()
    Image.new(mode, (8, 8), 1).save(out, form)
    return base64.b64encode(out.getvalue()).decode()


def answer(uri: str, field: str = "image_urls") -> ImageOrder | Reply:
    whole = f"data:image/png;base64,{image()}"
    body = {"model": "gpt-image-2", "action": "inpaint", "prompt": "Snow", "image_urls": [whole], "mask_url": whole}
    return read_order(body | {field: [uri] if field == "image_urls" else uri}, CATALOG)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("field", ["image_urls", "mask_url"])
def test_a_whole_image_is_taken(form: str, field: str) -> None:
    assert isinstance(answer(f"data:image/{form.lower()};base64,{image(form)}", field), ImageOrder)


@pytest.mark.parametrize(
    "uri",
    [
        f"data:image/png;base64,{image()[:-20]}",
        f"data:image/png;base64,{image()}!",
        f"data:image/png;base64,{image()[:40]} {image()[40:]}",
        f"data:image/png;base64,{image('JPEG')}",
        "data:image/png;base64,aGVsbG8=",
    ],
    ids=["cut", "sign", "blank", "another format", "no image"],
)
@pytest.mark.parametrize("field", ["image_urls", "mask_url"])
def test_anything_else_is_answered_400_with_the_field(uri: str, field: str) -> None:
    reply = answer(uri, field)
    assert isinstance(reply, Reply)
    assert reply.status == 400
    assert field in str(reply.body)


def test_a_mask_of_another_size_is_answered_400_where_the_model_says_so() -> None:
    def uri(width: int) -> str:
        out = BytesIO()
        Image.new("RGBA", (width, 8)).save(out, "PNG")
        return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()

    body = {"model": "gpt-image-2", "action": "edit", "prompt": "Snow", "image_urls": [uri(8), uri(9)]}
    october = open_catalog("2026-10")
    assert isinstance(read_order(body | {"mask_url": uri(8)}, october), ImageOrder)
    reply = read_order(body | {"mask_url": uri(9)}, october)
    assert isinstance(reply, Reply)
    assert (reply.status, "mask_url" in str(reply.body)) == (400, True)
