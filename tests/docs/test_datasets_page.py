"""docs/datasets.md: its commands and snippets run in order, and print what it says.

UPDATE_TRANSCRIPTS=1 pytest tests/docs/test_datasets_page.py    writes anew what they print
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.docs.run_page import BLOCK
from tests.hub_server import TOKEN, HubServer, serving
from tests.s3_server import s3_from_behind, serving_s3

SNIPPET = re.compile(r"^```python\n(?:.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)


@contextmanager
def s3_server() -> Iterator[dict[str, str]]:
    """Serve S3 on loopback with the bucket of the page, and yield the environment that leads there."""
    with serving_s3() as address:
        s3_from_behind().create_bucket("pictures", "us-east-1")
        yield {
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": address,
            "AWS_ALLOW_HTTP": "true",
        }


def with_output(page: str, printed: list[tuple[int, str]]) -> str:
    """The page with what its snippets print behind each of them."""
    outputs = iter(printed)

    def one(block: re.Match[str]) -> str:
        code = block[0].split("```\n", 1)[0] + "```\n"
        line, output = next(outputs)
        assert page.count("\n", 0, block.start()) + 2 == line
        return code + (f"\n```text\n{output}```\n" if output else "")

    return SNIPPET.sub(one, page)


@pytest.mark.timeout(180)  # it starts three runs and loads every library, which takes long on a busy machine
def test_every_command_and_snippet_of_the_page_runs_and_prints_what_is_shown(checkout: Path, tmp_path: Path) -> None:
    file = checkout / "docs" / "datasets.md"
    page = file.read_text(encoding="utf-8")
    with serving(HubServer()) as hub, s3_server() as environ_of_s3:
        ended = subprocess.run(
            (sys.executable, str(checkout / "tests" / "docs" / "run_page.py"), str(file)),
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": str(checkout),
                "HOME": str(tmp_path),
                "HF_HOME": str(tmp_path / "hf-home"),
                "HF_TOKEN": TOKEN,
                "HF_ENDPOINT": hub.url,
                "HF_UPDATE_DOWNLOAD_COUNTS": "false",
                "HF_HUB_DISABLE_TELEMETRY": "1",
                **environ_of_s3,
            },
            capture_output=True,
            text=True,
            timeout=170,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        assert hub.commits("ada/teahouse")
    now = with_output(page, json.loads(ended.stdout.splitlines()[-1]))
    if os.environ.get("UPDATE_TRANSCRIPTS"):
        file.write_text(now, encoding="utf-8")
    assert page == now


def test_the_page_has_commands_snippets_and_files(checkout: Path) -> None:
    page = (checkout / "docs" / "datasets.md").read_text(encoding="utf-8")
    assert {kind for kind, _ in BLOCK.findall(page)} >= {"sh", "python", "yaml"}
