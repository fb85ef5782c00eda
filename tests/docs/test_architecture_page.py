"""docs/architecture.md describes the packages as they are."""

import ast
import re
from pathlib import Path


def table(checkout: Path) -> dict[str, set[str]]:
    page = (checkout / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|[^|]+\|([^|]*)\|$", page, flags=re.MULTILINE)
    return {package: set(re.findall(r"\w+", below)) for package, below in rows}


def arrows(checkout: Path) -> dict[str, set[str]]:
    """The table that tests/test_architecture.py holds the code to."""
    tree = ast.parse((checkout / "tests" / "test_architecture.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "ALLOWED":
            assert isinstance(node.value, ast.Dict)
            return {
                ast.literal_eval(key): set(re.findall(r"\w+", ast.unparse(value).removeprefix("set()")))
                for key, value in zip(node.value.keys, node.value.values, strict=True)
                if key is not None
            }
    raise AssertionError("no table of arrows")


def test_the_pages_arrows_are_those_the_code_is_held_to(checkout: Path) -> None:
    assert table(checkout) == arrows(checkout)


def test_every_package_on_disk_is_on_the_page(checkout: Path) -> None:
    package = checkout / "qwave_batch"
    packages = {file.relative_to(package).parts[0].removesuffix(".py") for file in package.rglob("*.py")}
    assert packages - {"schemas", "specs"} == set(table(checkout))


def test_every_module_on_the_page_exists(checkout: Path) -> None:
    page = (checkout / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:\w+/)+\w+\.(?:py|json))`", page))
    assert len(named) > 15
    missing = {name for name in named if not any((checkout / root / name).is_file() for root in ("qwave_batch", "."))}
    assert not missing


def test_the_glossary_is_short_and_each_word_is_used(checkout: Path) -> None:
    """About twenty words, each of them in the code or the docs of the engine."""
    page = (checkout / "docs" / "architecture.md").read_text(encoding="utf-8")
    glossary = page.partition("## The words")[2].partition("\n## ")[0]
    words = re.findall(r"^\| `?([a-z ]+)`? \|", glossary, flags=re.MULTILINE)[1:]
    assert 18 <= len(words) <= 24
    files = [*(checkout / "qwave_batch").rglob("*.py"), checkout / "docs" / "engine.md"]
    text = " ".join(" ".join(file.read_text(encoding="utf-8").lower().split()) for file in files)
    assert [word for word in words if word not in text and word.replace(" ", "") not in text] == []
