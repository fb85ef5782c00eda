"""The catalog's page says what the catalog says."""

from pathlib import Path

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.catalog.keywords import ANNOTATIONS, KEYWORDS

PAGE = (Path(__file__).parents[3] / "docs" / "catalog.md").read_text(encoding="utf-8")
CATALOG = open_catalog("2026-05")


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table that has this heading."""
    lines = PAGE[PAGE.index(heading) :].splitlines()[2:]
    end = lines.index("") if "" in lines else len(lines)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[:end]]


def test_the_table_of_models_is_true() -> None:
    written = {cells[0].strip("`"): cells[1:3] for cells in rows("| model | USD an image |")}
    assert written == {
        name: [str(model.price).split()[0], ", ".join(model.resolutions) or "not sent"]
        for name, model in CATALOG.models.items()
    }


def test_the_ceilings_of_input_images_are_true() -> None:
    for cells in rows("| model | USD an image |"):
        field = CATALOG.model(cells[0].strip("`")).fields.get("image_urls")
        most = field.get("maxItems") if field else 0
        assert cells[3] == ("none" if most == 0 else f"up to {most}" if most else "any number")


def test_every_action_is_explained() -> None:
    actions = {action for model in CATALOG.models.values() for action in model.actions}
    assert {cells[0].strip("`") for cells in rows("| action | makes |")} == actions


def test_every_field_is_explained() -> None:
    explained = {name.strip("` ") for cells in rows("| field | takes |") for name in cells[0].split(",")}
    every = {field for model in CATALOG.models.values() for field in model.fields}
    assert explained == every - {"model", "action"}


def test_every_extension_keyword_is_explained() -> None:
    assert {cells[0].strip("`") for cells in rows("| keyword | stands in |")} == set(KEYWORDS) | ANNOTATIONS
