"""docs/simulator.md describes the faults in the code's own words."""

from pathlib import Path

from qwave_batch.simulator.faults import KINDS, FaultName
from tests.every_case import in_one_test


@in_one_test("name", FaultName)
def test_the_page_says_of_each_fault_what_the_code_says(checkout: Path, name: FaultName) -> None:
    rows = [
        line for line in (checkout / "docs/simulator.md").read_text().splitlines() if line.startswith(f"| `{name}`")
    ]
    assert len(rows) == 1
    assert f"| {KINDS[name].says} |" in rows[0]
    assert not KINDS[name].seconds or f"(`:{KINDS[name].seconds:g}`)" in rows[0]
