"""Which API a run talks to."""

import subprocess
import sys
from pathlib import Path


def test_a_run_loads_the_embedded_api_only_when_it_serves_it() -> None:
    code = "import sys, qwave_batch.api.run_batch; print(*sys.modules)"
    folder = Path(__file__).parents[3]
    done = subprocess.run((sys.executable, "-c", code), check=True, capture_output=True, text=True, cwd=folder)
    assert [name for name in done.stdout.split() if name.startswith("qwave_batch.simulator")] == []
