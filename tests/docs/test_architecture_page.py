"""docs/architecture.md draws the house as it stands."""

import ast
import re
from pathlib import Path


def table(checkout: Path) -> dict[str, set[str]]:
    page = (checkout / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|[^|]+\|([^|]*)\|$", page, flags=re.MULTILINE)
    return {room: set(re.findall(r"\w+", below)) for room, below in rows}


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


def test_every_room_on_disk_is_on_the_page(checkout: Path) -> None:
    package = checkout / "qwave_batch"
    rooms = {file.relative_to(package).parts[0].removesuffix(".py") for file in package.rglob("*.py")}
    assert rooms - {"schemas", "specs"} == set(table(checkout))
