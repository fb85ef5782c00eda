"""Writing a spec in an editor with a real YAML language server."""

from pathlib import Path

import pytest

from qwave_batch import open_catalog
from qwave_batch.catalog import newest_catalog
from tests.editor.languageserver import LanguageServer

pytestmark = pytest.mark.timeout(150)  # the first test installs the server

MODELINE = "# yaml-language-server: $schema=../schemas/spec.schema.json\n"
HEAD = MODELINE + 'version: 1\nname: try\ncatalog: "2026-05"\n'
SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*.yaml"))
MODELS = open_catalog(newest_catalog()).models

GOOD = """\
vars: {shortlist: [imagen-4.0], n: 2}
request: {aspect_ratio: 1:1, seed: "{{ n + 1 }}", a_field_of_tomorrow: 1}
prompts:
  - A cat, {{ medium }}
  - {text: "{{ row.Prompt }}", from: tables/cats.csv, where: "{{ row.n == '1' }}", request: {n: "{{ n }}"}}
matrix:
  model: "{{ shortlist }}"
  resolution: [1k, 2K, "{{ size }}", {resolution: 4K, quality: high}]
  seed: {start: 1, count: 4}
  request.n: [1]
  mood: [no, on, 16:9]
  include: [{model: a-model-of-tomorrow, background: "{{ mood }}"}]
limits: {models: {a-model-of-tomorrow: {concurrency: 2}}}
"""

BAD = [
    ("prompts: [x]\nmatrixx: {}\n", [(6, "Property matrixx is not allowed.")]),
    ("prompts: [x]\nrepeat: many\n", [(6, 'Incorrect type. Expected "integer".')]),
    ("prompts: [x]\nlimits:\n  concurrency: 0\n", [(7, "Value is below the minimum of 1.")]),
    ("prompts:\n  - {text: x, limit: 3}\n", [(6, "Matches a schema that is not allowed.")]),
    ("request: {seed: 1}\n", [(2, 'Missing property "prompts".')]),
    ("prompts: [x]\nunsupported: never\n", [(6, 'Value is not accepted. Valid values: "error", "skip", "drop".')]),
    (
        "prompts: [x]\nmatrix: {my axis: [1]}\n",
        [(6, "an axis is called NAME, request.NAME or vars.NAME, with letters, digits and _")],
    ),
]


@pytest.mark.parametrize("spec", SPECS, ids=lambda file: file.stem)
def test_no_example_has_a_line_under_it(editor: LanguageServer, spec: Path) -> None:
    assert editor.diagnostics(spec.read_text(encoding="utf-8")) == []


def test_templates_and_names_of_tomorrow_may_stand_anywhere(editor: LanguageServer) -> None:
    assert editor.diagnostics(HEAD + GOOD) == []


@pytest.mark.parametrize(("text", "underlined"), BAD)
def test_a_mistake_is_underlined_at_its_line(
    editor: LanguageServer, text: str, underlined: list[tuple[int, str]]
) -> None:
    assert editor.diagnostics(HEAD + text) == underlined


@pytest.mark.parametrize(
    ("text", "offered", "said"),
    [
        ("|\n", "matrix", "Axes; jobs are made for their product"),
        ("prompts:\n  - |\n", "from", "Each row is a prompt"),
        ("limits:\n  |\n", "concurrency", "Tasks alive at once."),
        ("request:\n  |\n", "negative_prompt", "What to keep out of the image"),
        ("prompts:\n  - text: x\n    request:\n      |\n", "seed", "random when left out"),
        ("matrix:\n  |\n", "aspect_ratio", "Shape of the image"),
        (
            "matrix:\n  include:\n    - |\n",
            "quality",
            "How much work goes into the image: high costs many times as much as low",
        ),
        ("limits:\n  models:\n    |\n", "z-image-turbo", "Limits for"),
    ],
)
def test_keys_are_offered_with_what_they_mean(editor: LanguageServer, text: str, offered: str, said: str) -> None:
    assert said in editor.completions(HEAD + text)[offered]


@pytest.mark.parametrize(
    "text",
    [
        "request:\n  model: |\n",
        "matrix:\n  model: [|]\n",
        "matrix:\n  model:\n    - |\n",
        "matrix:\n  model:\n    - model: |\n",
    ],
)
def test_every_model_is_offered_with_its_price(editor: LanguageServer, text: str) -> None:
    offered = editor.completions(HEAD + text)
    assert offered.keys() >= MODELS.keys()
    assert all(str(model.price) in offered[name] for name, model in MODELS.items())


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("request:\n  aspect_ratio: |\n", {"1:1", "16:9", "auto"}),
        ("matrix:\n  resolution: [|]\n", {"1k", "4k", "1mp", "768sq"}),
        ("request:\n  watermark: |\n", {"true", "false"}),
        ("unsupported: |\n", {"error", "skip", "drop"}),
        ("timeout: |\n", {"300"}),
    ],
)
def test_values_are_offered(editor: LanguageServer, text: str, offered: set[str]) -> None:
    assert editor.completions(HEAD + text).keys() >= offered


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rep|eat: 2\n", "Makes every job that many times; default 1."),
        ("prompts:\n  - {fr|om: t.csv, text: x}\n", "Each row is a prompt"),
        ("request: {qual|ity: high}\n", "How much work goes into the image: high costs many times as much as low"),
        ("matrix:\n  qual|ity: [high]\n", "How much work goes into the image: high costs many times as much as low"),
        ("matrix:\n  mo|od: [high]\n", "A list of values"),
        ("matrix:\n  seed: {cou|nt: 2, start: 1}\n", "How many integers."),
        ("request: {model: z-image|-turbo}\n", "0.01125 USD an image"),
    ],
)
def test_hovering_explains(editor: LanguageServer, text: str, said: str) -> None:
    assert said in editor.hover(HEAD + text).replace("\\", "")
