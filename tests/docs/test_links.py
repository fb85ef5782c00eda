"""Links between pages lead somewhere."""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from tests.every_case import in_one_test

CHECKOUT = Path(__file__).parents[2]
PAGES = sorted(page.relative_to(CHECKOUT).as_posix() for page in (*CHECKOUT.glob("*.md"), *CHECKOUT.glob("docs/*.md")))
WANTED = {
    "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/README.md", "docs/architecture.md", "docs/catalog.md",
    "docs/command-line.md", "docs/engine.md", "docs/planning.md", "docs/python.md", "docs/run-folder.md",
    "docs/simulator.md", "docs/spec.md", "docs/tutorial.md",
}  # fmt: skip


def prose(page: Path) -> str:
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def links(page: Path) -> Iterator[str]:
    for match in re.finditer(r"\]\(([^()\s]+)\)", prose(page)):
        if not re.match(r"[a-z]+:", match[1]):
            yield match[1]


def anchors(page: Path) -> set[str]:
    """The anchors that a code host gives a page's headings."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ +(.+?)\s*$", prose(page), flags=re.MULTILINE):
        words = unicodedata.normalize("NFC", re.sub(r"[^\w\- ]", "", heading.lower())).replace(" ", "-")
        number = 0
        while (anchor := f"{words}-{number}" if number else words) in found:
            number += 1
        found.add(anchor)
    return found


def test_every_page_is_there() -> None:
    assert set(PAGES) >= WANTED


@in_one_test("page", PAGES)
def test_internal_links_resolve(page: str) -> None:
    """A link's file exists inside the checkout, and so does the heading it points at."""
    file = CHECKOUT / page
    for link in links(file):
        target, _, anchor = link.partition("#")
        found = (file.parent / target).resolve() if target else file
        assert found.exists(), link
        assert found.is_relative_to(CHECKOUT), link
        if anchor:
            assert anchor in anchors(found), link


def test_the_index_names_every_page() -> None:
    named = {link.partition("#")[0] for link in links(CHECKOUT / "docs/README.md")}
    assert named >= {Path(page).name for page in PAGES if page.startswith("docs/")} - {"README.md"}


def test_the_list_of_benchmarks_names_every_one() -> None:
    named = {link.partition("#")[0] for link in links(CHECKOUT / "benchmarks/README.md")}
    assert named == {file.name for file in CHECKOUT.glob("benchmarks/*.py")}
