"""The public API, as tests/typing/api.py types it, does what it says."""

import os
import subprocess
import sys
from pathlib import Path


def test_the_typed_example_runs(checkout: Path, tmp_path: Path) -> None:
    ended = subprocess.run(
        (sys.executable, "-W", "error", str(checkout / "tests" / "typing" / "api.py"), str(tmp_path)),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
