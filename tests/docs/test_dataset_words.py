"""The commands offer, and the docs tell, all that exports and checks can do."""

import re
import tomllib
from pathlib import Path

from qwave_batch.cli.commands import check
from qwave_batch.cli.drawing import export_view
from qwave_batch.cli.options import FINDING_KINDS
from qwave_batch.export.export_notes import NoteKind
from qwave_batch.export.export_request import FileMode
from qwave_batch.export.formats import FORMATS
from qwave_batch.export.image_change import ImageForm, ProvenanceMark
from qwave_batch.export.selection import LeftOut
from qwave_batch.quality.alike_search import MOST_DISTANCE
from qwave_batch.quality.finding import FindingKind
from tests.integration.exports.loading import call


def help_of(option: str) -> str:
    """The words of ``export --help`` about an option."""
    text = " ".join(call("export", "--help")[1].partition("\noptions:")[2].split())
    return re.split(r" --[a-z-]+ ", text.partition(f" {option} ")[2])[0]


def first_cells(page: Path) -> set[str]:
    """The names in the first column of a page's tables."""
    return set(re.findall(r"^\| `(\w+)` \|", page.read_text("utf-8"), flags=re.MULTILINE))


def test_every_format_is_in_the_help_and_on_the_page(checkout: Path) -> None:
    folders, files = help_of("--to").split("OUT is a folder; ")
    for names, is_folder in ((folders, True), (files, False)):
        offered = set(re.findall(r"[a-z]+", names.partition(":")[0])) - {"or"}
        assert offered == {name for name, form in FORMATS.items() if form.is_folder is is_folder}
    page = (checkout / "docs" / "datasets.md").read_text("utf-8")
    assert [name for name in FORMATS if f"--to {name} " not in page] == []


def test_the_page_says_what_to_install_for_each_format(checkout: Path) -> None:
    page = (checkout / "docs" / "datasets.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| (.*) \| (.*(?:nothing more|pip install).*) \|$", page, flags=re.MULTILINE))
    for name, form in FORMATS.items():
        (needed,) = [row for about, row in rows.items() if f"`{name}`" in about]
        assert ("qwave-batch[parquet]" in needed) is bool(form.needs), name
    extras = tomllib.loads((checkout / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    others = {"test", "test-ray", "dev", "figures", "gate", "ocr", "ray", "votes"}
    assert [name for name in extras.keys() - others if f"qwave-batch[{name}]" not in page] == []


def test_every_mark_form_and_mode_is_in_the_help_and_every_mark_on_its_page(checkout: Path) -> None:
    for option, kinds in (("--mark", ProvenanceMark), ("--image", ImageForm), ("--files", FileMode)):
        assert {kind.value for kind in kinds} <= set(re.findall(r"\w+", help_of(option))), option
    assert {mark.value for mark in ProvenanceMark} <= first_cells(checkout / "docs" / "provenance.md")
    for mark in ProvenanceMark:
        assert "unknown mark" not in call("export", "--to", "hf", "x", "y", "--mark", mark.value)[2]


def test_every_kind_of_finding_is_shown_by_check_and_on_its_page(checkout: Path) -> None:
    """One that ``check`` does not know would be written, and never shown."""
    assert tuple(FindingKind) == FINDING_KINDS
    assert first_cells(checkout / "docs" / "checks.md") == set(FindingKind)
    assert check._MOST_NEAR == MOST_DISTANCE


def test_whatever_an_export_tells_has_words() -> None:
    assert set(export_view._NOTES) == set(NoteKind)
    assert set(export_view._LEFT_OUT) == set(LeftOut)
