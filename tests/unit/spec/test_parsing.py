"""A valid spec becomes the data that it describes."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from qwave_batch.errors import UsageError
from qwave_batch.model.problem import SourcePlace
from qwave_batch.model.store_url import StoreService, StoreUrl
from qwave_batch.model.terms import Limits, ModelLimits, Terms
from qwave_batch.spec.document import DEFAULT_OUTPUT_PATH, IntegerRange, RandomSeeds, Sample, Spec, Unsupported
from qwave_batch.spec.loading import load_spec

Load = Callable[..., Spec]

WHOLE = """\
version: 1
name: teahouse-ab
description: Which light sells the teahouse?
catalog: 2026-05
vars: {medium: ink wash}
request: {action: generate, n: 1}
prompts:
  - A quiet teahouse at dawn, {{ medium }}
  - id: alley
    text: "An old alley in {{ season }}, {{ variant.light }}"
    vars: {season: autumn}
    tags: [street, 7]
    meta: {source: sketchbook}
    request: {negative_prompt: text}
  - from: parti.tsv
    text: "{{ row.Prompt }}, {{ variant.light }}"
    id: "parti-{{ row_number }}"
    where: |
      {{ row.Challenge == 'Basic' }}
    sample: {count: 50, seed: 7}
  - {from: parti.tsv, text: "{{ row.Prompt }}", limit: 3}
matrix:
  model: [qwen-image-2.0, {model: gpt-image-2, quality: high}]
  aspect_ratio: ["1:1", 16:9]
  seed: {start: 100, count: 4}
  vars.draw: {random: {count: 3, seed: 9}}
  other: {start: 10, count: 2.0, step: -5}
  shortlist: |
    {{ names }}
  exclude:
    - {model: gpt-image-2}
  include:
    - {model: gpt-image-2, background: opaque}
sample: {count: 5000}
repeat: 2
unsupported: drop
limits:
  concurrency: 16
  requests_per_minute: 600
  count_polls: true
  models:
    gpt-image-2: {concurrency: 4}
retry: {attempts: 0}
timeout: 30.5
budget: {max_usd: 30}
output: {path: "{{ model }}/{{ job_id }}"}
"""


@pytest.fixture
def whole(load: Load) -> Spec:
    return load(WHOLE, head=False, files={"parti.tsv": "Prompt\tChallenge\nx\tBasic\n"})


def test_the_head(whole: Spec, folder: Path) -> None:
    assert (whole.name, whole.description, whole.catalog) == (
        "teahouse-ab",
        "Which light sells the teahouse?",
        "2026-05",
    )
    assert whole.file == str(folder / "spec.yaml")
    assert whole.root == folder.resolve()
    assert whole.source == WHOLE.encode()
    assert whole.sha256 == hashlib.sha256(WHOLE.encode()).hexdigest()
    assert whole.vars == {"medium": "ink wash"}
    assert whole.request == {"action": "generate", "n": 1}


def test_the_prompts(whole: Spec, folder: Path) -> None:
    short, long, table, limited = whole.prompts
    assert (short.text, short.is_short, short.id, short.position) == (
        "A quiet teahouse at dawn, {{ medium }}",
        True,
        None,
        0,
    )
    assert (long.id, long.vars, long.tags) == ("alley", {"season": "autumn"}, ("street", 7))
    assert (long.meta, long.request, long.is_short) == ({"source": "sketchbook"}, {"negative_prompt": "text"}, False)
    assert (table.source, table.where, table.sample) == (
        "parti.tsv",
        "{{ row.Challenge == 'Basic' }}",
        Sample(count=50, seed=7),
    )
    assert table.table is not None
    assert table.table.columns == ("Prompt", "Challenge")
    assert (limited.limit, limited.sample) == (3, None)
    assert dict(whole.files_read) == {"parti.tsv": (folder / "parti.tsv").resolve()}


def test_the_matrix(whole: Spec) -> None:
    axes = {axis.name: axis.values for axis in whole.matrix.axes}
    assert list(axes) == ["model", "aspect_ratio", "seed", "vars.draw", "other", "shortlist"]
    assert axes["model"] == ("qwen-image-2.0", {"model": "gpt-image-2", "quality": "high"})
    assert axes["aspect_ratio"] == ("1:1", "16:9")
    assert axes["seed"] == IntegerRange(start=100, count=4)
    assert axes["vars.draw"] == RandomSeeds(count=3, seed=9)
    assert axes["other"] == IntegerRange(start=10, count=2, step=-5)
    assert axes["shortlist"] == "{{ names }}"
    assert whole.matrix.exclude == ({"model": "gpt-image-2"},)
    assert whole.matrix.include == ({"model": "gpt-image-2", "background": "opaque"},)


def test_the_terms_and_the_rest(whole: Spec) -> None:
    assert whole.terms == Terms(
        limits=Limits(
            concurrency=16,
            requests_per_minute=600,
            count_polls=True,
            models={"gpt-image-2": ModelLimits(concurrency=4)},
        ),
        retry_attempts=0,
        timeout_s=30.5,
        max_usd=30,
    )
    assert (whole.repeat, whole.unsupported, whole.sample) == (2, Unsupported.DROP, Sample(count=5000, seed=0))
    assert whole.output_path == "{{ model }}/{{ job_id }}"
    assert whole.source_map.place(("matrix", "seed")) == SourcePlace(whole.file, 25, 9)


def test_the_store_is_an_address_and_changes_nothing_else(load: Load) -> None:
    spec = load("prompts: [A cat]\noutput: {store: 's3a://bucket/runs/cats/'}\n")
    assert spec.output_store == StoreUrl(service=StoreService.S3, bucket="bucket", prefix="runs/cats")
    assert (spec.output_folder, spec.output_path) == (None, DEFAULT_OUTPUT_PATH)


def test_what_is_not_said_has_its_default(load: Load) -> None:
    spec = load("prompts: [A cat]\n")
    assert (spec.description, spec.vars, spec.request, spec.repeat) == ("", {}, {}, 1)
    assert (spec.unsupported, spec.sample, spec.terms) == (Unsupported.ERROR, None, Terms())
    assert spec.output_store is None
    assert spec.matrix.axes == ()
    assert spec.output_path == "{{ model }}/{{ prompt.id }}-{{ job_id }}"


@pytest.mark.parametrize(
    "text",
    ["x" * 1_000_000, "🙂" * 300, "one\\ntwo\\n", 'tab\\tquote\\"', "ünï", "\u202eright to left"],
    ids=["megabyte", "emoji", "newlines", "tab", "accents", "bidi"],
)
def test_any_text_can_be_a_prompt(load: Load, text: str) -> None:
    [prompt] = load(f'prompts: ["{text}"]\n').prompts
    assert prompt.text


def test_a_long_id_is_no_mistake(load: Load) -> None:
    [prompt] = load(f"prompts: [{{id: {'i' * 300}, text: x}}]\n").prompts
    assert prompt.id == "i" * 300


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nowhere.yaml", "nowhere.yaml does not exist"),
        (".", "is a folder; name the spec's file"),
        ("a\0b", "cannot be read"),
    ],
)
def test_a_spec_that_is_not_there_says_so(folder: Path, name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        load_spec(str(folder / name))


def test_a_relative_file_is_shown_as_it_was_named(load: Load, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load("prompts: [A cat]\n")
    monkeypatch.chdir(folder.parent)
    spec = load_spec("specs/spec.yaml")
    assert spec.file == "specs/spec.yaml"
    assert spec.source_map.place(("prompts",)).file == "specs/spec.yaml"
    assert spec.root == folder.resolve()
