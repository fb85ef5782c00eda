"""The README's first lines work because CI runs them, and its spec is the one that ships."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

INSTALLED = (
    r"python3 -m venv (\S+) && \1/bin/pip install -q -c \.ci/constraints\.txt {builders}"
    r" && \1/bin/pip install -q -c \.ci/constraints\.txt --no-build-isolation "
)
"""Everything in the locked versions, and what builds it too."""


@pytest.fixture(scope="module")
def readme(checkout: Path) -> str:
    return (checkout / "README.md").read_text(encoding="utf-8")


def blocks(text: str, *languages: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    return [body.strip() for language, body in found if language in languages]


def shell_line(text: str, number: int) -> str:
    block = blocks(text, "bash", "sh", "shell", "console")[number - 1]
    assert "\n" not in block
    return block


def test_the_first_shell_block_does_the_main_job_in_one_line(readme: str) -> None:
    expected = INSTALLED.format(builders="hatchling") + r"\. && \1/bin/qwave-batch run specs/\S+ --simulate"
    assert re.fullmatch(expected, shell_line(readme, 1))


def test_the_second_shell_block_runs_the_tests_in_one_line(readme: str) -> None:
    installed = INSTALLED.format(builders="hatchling setuptools")  # the latter builds what comes without a wheel
    expected = installed + r"-e '\.\[test\]' && \1/bin/pytest -n auto --dist worksteal"
    assert re.fullmatch(expected, shell_line(readme, 2))


def test_ci_runs_both_lines_as_they_stand_in_the_readme(checkout: Path) -> None:
    script = (checkout / ".ci" / "run").read_text(encoding="utf-8")
    assert "readme_line 1" in script
    assert "readme_line 2" in script


def test_the_spec_in_the_readme_is_a_part_of_the_quickstart(readme: str, checkout: Path) -> None:
    shown = blocks(readme, "yaml")[0].splitlines()
    whole = (checkout / "specs" / "quickstart.yaml").read_text(encoding="utf-8").splitlines()
    assert len(shown) > 10
    start = whole.index(shown[0])
    assert whole[start : start + len(shown)] == shown


def test_the_python_in_the_readme_runs_as_it_stands(readme: str, checkout: Path, tmp_path: Path) -> None:
    for folder in ("specs", "schemas"):
        (tmp_path / folder).symlink_to(checkout / folder)
    ended = subprocess.run(
        (sys.executable, "-c", blocks(readme, "python")[0]),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("completed") == 8
