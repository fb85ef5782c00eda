"""The pages of the catalogs say what the catalogs say."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from qwave_batch.catalog.catalog_files import catalog_dates, open_catalog
from qwave_batch.catalog.keywords import ANNOTATIONS, KEYWORDS
from qwave_batch.catalog.model import Model
from qwave_batch.model.jsontypes import Json

DOCS = Path(__file__).parents[3] / "docs"
DATES = catalog_dates()


def rows(page: str, heading: str) -> list[list[str]]:
    """Return the cells of the table of a page that has this heading."""
    text = (DOCS / page).read_text(encoding="utf-8")
    lines = text[text.index(heading) :].splitlines()[2:]
    end = lines.index("") if "" in lines else len(lines)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[:end]]


def names(cell: str) -> list[str]:
    return [name.strip("` ") for name in cell.split(",")]


def span(stated: Json) -> str:
    """Return the lowest and the highest of all amounts that a price states."""
    found = sorted(set(amounts(stated)), key=Decimal)
    return found[0] if len(found) == 1 else f"{found[0]} to {found[-1]}"


def amounts(stated: Json) -> Iterator[str]:
    if isinstance(stated, Mapping):
        for value in stated.values():
            yield from amounts(value)
    elif isinstance(stated, Sequence) and not isinstance(stated, str):
        for value in stated:
            yield from amounts(value)
    else:
        yield str(stated)


def price_in_short(model: Model) -> str:
    price: dict[str, Any] = dict(model.price.as_json())
    words = [
        span(price["usd_per_image"]) if price["usd_per_image"] is not None else "",
        f"{span(price['usd_per_call']['values'])} a call" if "usd_per_call" in price else "",
        "by tokens" if "usd_per_million_tokens" in price else "",
        f"{span(price['usd_per_reference']['usd'])} for each input image" if "usd_per_reference" in price else "",
    ]
    return "; ".join(filter(None, words))


@pytest.mark.parametrize("date", DATES)
def test_the_table_of_models_is_true(date: str) -> None:
    written = {cells[0].strip("`"): cells[1:3] for cells in rows(f"catalog-{date}.md", "| model | USD an image |")}
    assert written == {
        name: [price_in_short(model), ", ".join(model.resolutions) or "not sent"]
        for name, model in open_catalog(date).models.items()
    }


@pytest.mark.parametrize("date", DATES)
def test_the_ceilings_of_input_images_are_true(date: str) -> None:
    for cells in rows(f"catalog-{date}.md", "| model | USD an image |"):
        field: dict[str, Any] = dict(open_catalog(date).model(cells[0].strip("`")).fields.get("image_urls", {}))
        most = field.get("maxItems", "any number") if field else "none"
        assert cells[3] == (f"up to {most}" if isinstance(most, int) and most > 1 else str(most))


@pytest.mark.parametrize("date", DATES)
def test_every_action_is_explained(date: str) -> None:
    actions = {action for model in open_catalog(date).models.values() for action in model.actions}
    explained = [name for cells in rows(f"catalog-{date}.md", "| action | makes |") for name in names(cells[0])]
    assert sorted(explained) == sorted(actions)


@pytest.mark.parametrize("date", DATES)
def test_every_field_is_explained(date: str) -> None:
    explained = [name for cells in rows(f"catalog-{date}.md", "| field | takes |") for name in names(cells[0])]
    every = {field for model in open_catalog(date).models.values() for field in model.fields}
    assert sorted(explained) == sorted(every - {"model", "action"})


def test_every_catalog_is_listed() -> None:
    listed = {cells[0]: cells[1:3] for cells in rows("catalog.md", "| date | API |")}
    assert listed == {
        f"[{date}](catalog-{date}.md)": [f"`{known.base_url}`", f"{len(known.models)} of {vendors(date)} vendors"]
        for date in DATES
        for known in [open_catalog(date)]
    }


def vendors(date: str) -> int:
    return len({model.vendor for model in open_catalog(date).models.values()})


def test_every_extension_keyword_is_explained() -> None:
    assert {cells[0].strip("`") for cells in rows("catalog.md", "| keyword | stands in |")} == (
        set(KEYWORDS) | ANNOTATIONS
    )
