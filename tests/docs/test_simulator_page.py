"""docs/simulator.md names everything that the simulator can be asked for."""

import re
from collections.abc import Callable
from pathlib import Path

from qwave_batch.simulator.fault_language import parse_faults
from qwave_batch.simulator.faults import ALIASES, FaultName, FaultPlace

CodeWords = Callable[[str], frozenset[str]]


def test_every_fault_and_place_is_on_the_page(code_words: CodeWords) -> None:
    asked = {str(name) for name in (*FaultName, *FaultPlace, *ALIASES)} - {"task"}  # no entry needs to name it
    assert asked - code_words("docs/simulator.md") == set()


def test_every_fault_that_the_page_asks_for_can_be_asked_for(checkout: Path) -> None:
    page = (checkout / "docs" / "simulator.md").read_text(encoding="utf-8")
    asked = re.findall(r"--faults[ =]['\"]?([^'\"\s`]+)", page)
    assert asked
    for faults in asked:
        assert parse_faults(faults)
