"""docs/spec.md: every example makes a plan, and every filter is listed."""

import base64
import gzip
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from qwave_batch.plan.planner import make_plan
from qwave_batch.spec.document import Spec
from qwave_batch.spec.loading import load_spec
from qwave_batch.spec.table.tables import FORMATS
from qwave_batch.spec.template.filters import FILTER_NAMES

PAGE = Path(__file__).parents[3] / "docs" / "spec.md"
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
HEAD = {"version": "1", "name": "example", "catalog": '"2026-05"', "prompts": "[A quiet teahouse at dawn]"}
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")
FILES: Mapping[str, str | bytes] = {
    "prompts.csv": "id,prompt,level\na,A cat,hard\n",
    "prompts.tsv": "Prompt\tChallenge\nA dog\tBasic\n",
    "prompts.jsonl": '{"id": "a", "prompt": "A cow"}\n',
    "prompts.txt": "A cat\n",
    "prompts.yaml": "- prompt: A cat\n",
    "prompts.json.gz": gzip.compress(b'[{"prompt": "A cat"}]'),
    "ref/cat.png": PNG,
    "ref/dog.png": PNG + b"another",
    "base.yaml": 'version: 1\nname: base\ncatalog: "2026-05"\nprompts: ["At {{ time }}"]\nmatrix: {seed: [1, 2]}\n',
}


def read(example: str, folder: Path) -> Spec:
    """Load an example, with the required keys that it leaves out."""
    missing: Mapping[str, str] = {} if "extends:" in example else HEAD
    head = "".join(
        f"{key}: {value}\n"
        for key, value in missing.items()
        if not re.search(rf"^({key}|{'stages' if key == 'prompts' else key}):", example, re.MULTILINE)
    )
    for name, content in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    (folder / "spec.yaml").write_text(head + example)
    overrides = (
        [] if re.search(r"^ +model:|\bmatrix: {model:", example, flags=re.MULTILINE) else ["request.model=gpt-image-2"]
    )
    return load_spec(folder / "spec.yaml", overrides=overrides)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > 8


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_every_example_is_a_plan(number: int, tmp_path: Path) -> None:
    plan = make_plan(read(EXAMPLES[number], tmp_path))
    assert list(plan.items())
    assert plan.warnings == ()


def test_what_the_comments_on_scalars_say_is_so(tmp_path: Path) -> None:
    [example] = [example for example in EXAMPLES if "answer: no" in example]
    assert read(example, tmp_path).vars == {"ratio": "16:9", "answer": "no", "big": 1000.0, "mode": 7}


def test_every_filter_is_named() -> None:
    page = PAGE.read_text(encoding="utf-8")
    listed = re.search(r"^Filters: (.*?)\. `slug` and `sha256` are not", page, flags=re.MULTILINE | re.DOTALL)
    assert listed
    assert tuple(re.findall(r"`(\w+)`", listed[1])) == FILTER_NAMES


def test_every_kind_of_table_is_named() -> None:
    listed = re.findall(r"^\| (`\.[^|]*) \|", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert {suffix for cell in listed for suffix in re.findall(r"`(\.\w+)`", cell)} == set(FORMATS)
