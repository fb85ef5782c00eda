"""The caches of planning change no meaning: with and without them a spec gives the same jobs, ids and problems."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwave_batch.errors import SpecError
from qwave_batch.model.job import PlanItem
from qwave_batch.model.job_identity import canonical
from qwave_batch.model.problem import Problem
from qwave_batch.plan.cache.cached_expansion import expand_with_cache
from qwave_batch.plan.expand.entries import StartExpansion, expand_plainly
from qwave_batch.plan.file.plan_draft import PlanDraft
from qwave_batch.plan.file.plan_file import plan_lines
from qwave_batch.plan.plan_samples import JobSample
from qwave_batch.plan.planner import make_plan
from qwave_batch.spec.loading import load_spec

Meaning: TypeAlias = "tuple[list[PlanItem], list[tuple[Any, ...]], tuple[Problem, ...], tuple[JobSample, ...]]"
"""Jobs and duplicates, the outlines, the problems, and the samples."""

FIELDS: dict[str, list[Any]] = {
    "seed": [-2, -1, 0, 1, True, 1.0, 1.5, "1", 2**40, "{{ base }}", "{{ repeat }}"],
    "n": [0, 1, 2, 5, 13, True, 2.0],
    "resolution": ["0.5K", "1K", "1k", "2K", "4k", "9K"],
    "aspect_ratio": ["1:1", "16:9", "21:9", "auto"],
    "quality": ["low", "high", "best"],
    "action": ["generate", "edit", "group", "dance", "reroll", "upscale"],
    "ref_task_id": ["task-1", "task-{{ base }}"],
    "index": [1, 4, 5],
    "enable_sequential": [True, False],
    "negative_prompt": ["", "text", "x" * 501, "{{ base }}", "{{ colour }} {{ repeat }}"],
    "watermark": [True, False, 0],
    "image_urls": [["https://x.example/a"], ["https://x.example/a?se=1&sig=2"], "https://x.example/b?sig=1&se=2"],
    "callback_url": ["https://x.example/hook", "https://x.example/{{ base }}"],
}
ODD_FIELDS: dict[str, list[Any]] = {"qualty": [1, "{{ base }}"], "\ufffd": [1], "\U0001f600": [1]}
"""Fields that no model takes; the last two are sorted in another order by RFC 8785 than by Python."""
MODELS = {
    "2026-05": ["gpt-image-2", "wan2.7-image", "z-image-turbo", "doubao-seedream-4.0", "imagen-4.0"],
    # of the newer ones some have prices and rules that read the text, and actions without one
    "2026-10": [
        "gpt-image-2", "wan2.7-image", "z-image-turbo", "midjourney", "qwen-image-3.0", "flux-2-pro", "mai-image-2.6",
        "gemini-3.1-flash-image",
    ],
}  # fmt: skip
TEXTS = [
    "plain", "{{ base }}", "{{ repeat }}", "{{ colour }}", "{{ model }} {{ seed | default(0) }}", "{{ prompt.id }}",
    "é" * 801, "{{ {'a': 1}.a }}", "{{ none }}", "{{ 9007199254740991 }}", "{{ 'a' if repeat else colour }}",
]  # fmt: skip
ROW_TEXTS = ["{{ row.a }}", "{{ row.a }}{{ row.b }}", "{{ own }} {{ colour }}", "{{ row.a }} {{ model }}"]
ODD_TEXTS = [
    "{{ 1 / (base - 7) }}", "{{ [1, 2][base] }}", "{{ colour.name }}", "{{ row.c }}", "{{ 9007199254740993 }}",
    "{{ colour[0] }}", "{{ added }}", "{{ '\\ud800' }}", "",
]  # fmt: skip
COLOURS: list[Any] = ["red", "red ", 1, {"id": "b", "name": "blue"}]
ROWS = "a,b\nx,1\ny,2\nx,1\n# z,NaN\n"
USES_ALL = "{{ base }} {{ colour | default(0) }} {{ added | default(1) }}"
"""A text that names every variable, since one that no template uses is an error."""


class SpecMaker:
    """Draws the parts of a spec; those that are most often a mistake come in every third spec."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.catalog = draw(st.sampled_from(sorted(MODELS)))
        self.is_odd = draw(st.sampled_from([False, False, True]))
        self.images = draw(st.sampled_from([None, None, 1, 4, 6]))
        known = FIELDS if self.images is None or self.is_odd else {name: FIELDS[name] for name in FIELDS if name != "n"}
        self.fields = known | ODD_FIELDS if self.is_odd else known
        self.axes = self.axes_of(draw(st.lists(st.sampled_from(sorted(self.fields)), unique=True, max_size=3)))

    def axes_of(self, names: list[str]) -> dict[str, list[Any]]:
        axes = {
            name: self.draw(
                st.lists(st.none() | st.sampled_from(self.fields[name]), min_size=1, max_size=3, unique_by=canonical)
            )
            for name in names
        }
        if self.draw(st.booleans()):
            own = {"id": "g", "request": self.some_fields(2, apart=names)}
            colours = st.sampled_from([*COLOURS, own] if own["request"] else COLOURS)
            axes["colour"] = self.draw(st.lists(colours, min_size=1, max_size=3, unique_by=canonical))
        return axes | {
            "model": self.draw(st.lists(st.sampled_from(MODELS[self.catalog]), unique=True, min_size=1, max_size=3))
        }

    def some_fields(self, most: int, *, apart: Sequence[str] = ()) -> dict[str, Any]:
        free = sorted(self.fields.keys() - set(apart))
        names = self.draw(st.lists(st.sampled_from(free), unique=True, max_size=most))
        return {name: self.draw(st.none() | st.sampled_from(self.fields[name])) for name in names}

    def prompt(self) -> Any:
        kind = self.draw(st.sampled_from(["short", "long", "table"]))
        texts = TEXTS + ODD_TEXTS if self.is_odd else TEXTS
        texts = [*texts, "{{ repeat * images_per_request }}"] if self.images else texts
        texts = texts + ROW_TEXTS * 3 if kind == "table" else texts
        text = self.draw(st.sampled_from([one for one in texts if "colour" not in one or "colour" in self.axes]))
        if kind == "short":
            return text
        has_text = "own" in text or self.draw(st.sampled_from([True, True, False]))
        entry: dict[str, Any] = {"text": text} if has_text else {"id": self.draw(st.sampled_from(["p", "q"]))}
        if "own" in text or (self.is_odd and self.draw(st.booleans())):
            entry["vars"] = {"own": self.draw(st.sampled_from(["o", 3, "{{ base }}", "{{ row.b | default(1) }}"]))}
        if request := self.some_fields(2, apart=list(self.axes)):
            entry["request"] = request
        if kind == "table":
            extras: list[dict[str, Any]] = [
                {}, {"where": "{{ row.a != 'x' }}"}, {"limit": 2}, {"sample": {"count": 2, "seed": 1}},
            ]  # fmt: skip
            entry |= {"from": "rows.csv", **self.draw(st.sampled_from(extras))}
        return entry

    def rule(self) -> dict[str, Any]:
        plain = [name for name, values in self.axes.items() if all(isinstance(value, str | int) for value in values)]
        names = self.draw(st.lists(st.sampled_from(plain), unique=True, min_size=1, max_size=2))
        return {name: self.draw(st.sampled_from(self.axes[name])) for name in names}

    def matrix(self) -> dict[str, Any]:
        matrix: dict[str, Any] = dict(self.axes)
        if self.draw(st.booleans()):
            matrix["exclude"] = [self.rule()]
        if self.draw(st.booleans()):
            extras: list[dict[str, Any]] = [{}, {"added": 5}, {"colour": "new"}]
            matrix["include"] = [
                {**self.rule(), **self.some_fields(1, apart=list(self.axes)), **self.draw(st.sampled_from(extras))}
                for _ in range(self.draw(st.integers(1, 2)))
            ]
        return matrix


@st.composite
def specs(draw: st.DrawFn) -> dict[str, Any]:
    maker = SpecMaker(draw)
    parts: list[list[dict[str, Any]]] = [
        [{}, {}, {"sample": {"count": 3, "seed": 1}}],
        [{}, {"output": {"path": "{{ model }}/{{ prompt.id }}-{{ repeat }}-{{ seed }}"}}],
    ]
    return {
        "version": 1,
        "name": "trial",
        "catalog": maker.catalog,
        "vars": {"base": draw(st.sampled_from([0, 7, "v", 1.0]))},
        "unsupported": draw(st.sampled_from(["skip", "drop", "skip", "drop", "error"])),
        **({"images": maker.images} if maker.images else {"repeat": draw(st.integers(1, 2))}),
        "duplicates": draw(st.sampled_from(["fold", "fold", "keep"])),
        "request": maker.some_fields(2),
        "prompts": [USES_ALL, *(maker.prompt() for _ in range(draw(st.integers(0, 4))))],
        "matrix": maker.matrix(),
        **{key: value for part in parts for key, value in draw(st.sampled_from(part)).items()},
    }


def meaning(file: Path, start: StartExpansion) -> Meaning:
    """Return all that a plan of a file says; of a spec with errors its problems alone."""
    try:
        plan = make_plan(load_spec(file), start=start)
    except SpecError as error:
        return [], [], error.problems, ()
    outlines = [
        (entry.number, entry.is_new, entry.model, entry.images, entry.nusd, entry.dropped, entry.error, entry.labels())
        for entry in plan.outlines()
    ]
    return list(plan.items()), outlines, plan.warnings, plan.samples(5)


@given(spec=specs())
@settings(max_examples=100)
def test_a_spec_means_the_same_with_and_without_caches(
    tmp_path_factory: pytest.TempPathFactory, spec: dict[str, Any]
) -> None:
    folder = tmp_path_factory.mktemp("plan")
    file = folder / "spec.yaml"
    file.write_text(json.dumps(spec), encoding="utf-8")
    (folder / "rows.csv").write_text(ROWS, encoding="utf-8")
    plain, cached = meaning(file, expand_plainly), meaning(file, expand_with_cache)
    assert cached == plain


@given(spec=specs())
@settings(max_examples=60)
def test_a_plan_file_is_the_same_when_its_lines_are_taken_while_the_plan_is_counted(
    tmp_path_factory: pytest.TempPathFactory, spec: dict[str, Any]
) -> None:
    folder = tmp_path_factory.mktemp("plan")
    file = folder / "spec.yaml"
    file.write_text(json.dumps(spec), encoding="utf-8")
    (folder / "rows.csv").write_text(ROWS, encoding="utf-8")
    with PlanDraft(folder) as draft:
        try:
            plan = make_plan(load_spec(file), take=draft.take)
        except SpecError:
            return
        assert draft.is_whole is (plan.figures.folded == 0)
        assert list(plan_lines(plan, draft=draft)) == list(plan_lines(plan))
