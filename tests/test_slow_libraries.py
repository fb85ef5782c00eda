"""Every worker of a test run imports every module of tests, so none of them imports what few tests need and is slow."""

import re
from pathlib import Path

SLOW = (
    "axe_playwright_python", "datasets", "duckdb", "evalica", "matplotlib", "mlcroissant", "moto", "numpy", "pandas",
    "playwright", "polars", "webdataset",
)  # fmt: skip
IMPORT = re.compile(rf"^(?:import|from) (?:{'|'.join(SLOW)})\b", re.MULTILINE)


def test_no_module_of_tests_imports_a_slow_library(checkout: Path) -> None:
    """They come by ``loading.library``, ``chromium`` or ``s3_server`` when a test needs them; all take four seconds."""
    tests = list((checkout / "tests").rglob("*.py"))
    assert len(tests) > 100
    assert [str(file) for file in tests if IMPORT.search(file.read_text("utf-8"))] == []


def test_such_an_import_is_found() -> None:
    assert IMPORT.search("import io\nfrom moto.server import ThreadedMotoServer\n")
