"""A real benchmark at full length, over a real socket between two processes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.timeout(600)
def test_partiprompts_on_two_models_comes_out_whole_and_is_paid_once(partiprompts: Path, checkout: Path) -> None:
    """All 1,632 prompts, quotes and all, on two models at concurrency 64; a second run submits nothing."""
    script = checkout / "benchmarks" / "partiprompts.py"
    command = (sys.executable, str(script), str(partiprompts), "--latency", "0.2", "--concurrency", "64", "--json")
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=580)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    found = json.loads(ended.stdout)
    assert found["jobs"] == found["images"] == 2 * 1632
    assert found["verified"]
    assert found["second_run_submitted"] == 0
