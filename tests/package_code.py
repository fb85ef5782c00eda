"""The package's own code, for the tests that read it: every module is parsed once for all of them."""

import ast
from collections.abc import Mapping
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "qwave_batch"
TREES: Mapping[Path, ast.Module] = {
    file: ast.parse(file.read_text(encoding="utf-8")) for file in sorted(PACKAGE.rglob("*.py"))
}


def name_in_package(file: Path) -> str:
    """The name of a module without that of the package: ``run.run_parts``."""
    return ".".join(file.relative_to(PACKAGE).with_suffix("").parts)
