"""Laws of planning: the short way by shapes gives what judging every request by itself would give."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.catalog.independent_fields import independent_fields
from qwave_batch.errors import SpecError
from qwave_batch.model.job import Duplicate, Job
from qwave_batch.model.job_identity import canonical, job_id
from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.expand.jobs import is_random
from qwave_batch.plan.expand.judgement import Rejected, is_refused, judge_request
from qwave_batch.plan.planner import make_plan
from qwave_batch.spec.document import Unsupported
from qwave_batch.spec.loading import load_spec

CATALOGS = {date: open_catalog(date) for date in ("2026-05", "2026-10")}

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "seed": st.sampled_from([-2, -1, 0, 1, True, 1.0, 1.5, "1", 2**40]),
    "n": st.sampled_from([0, 1, 2, 5, 13, True]),
    "resolution": st.sampled_from(["0.5K", "1K", "1k", "2K", "4k", "9K"]),
    "aspect_ratio": st.sampled_from(["1:1", "16:9", "21:9", "2:1", "auto", "7:7"]),
    "quality": st.sampled_from(["low", "high", "best"]),
    "action": st.sampled_from(["generate", "edit", "imagine", "reroll", "dance"]),
    "enable_sequential": st.booleans(),
    "negative_prompt": st.sampled_from(["", "text", "x" * 501]),
    "watermark": st.sampled_from([True, False, 0]),
}


@st.composite
def specs(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(st.sampled_from(sorted(VALUES)), unique=True, max_size=4))
    axes = {
        name: draw(st.lists(st.none() | VALUES[name], min_size=1, max_size=3, unique_by=canonical)) for name in names
    }
    date = draw(st.sampled_from(sorted(CATALOGS)))
    models = draw(st.lists(st.sampled_from(sorted(CATALOGS[date].models)), unique=True, min_size=1, max_size=3))
    texts = draw(st.lists(st.sampled_from(["a", "b {{ repeat }}", "é" * 801, "{{ model }}"]), min_size=1, max_size=2))
    return {
        "version": 1,
        "name": "trial",
        "catalog": date,
        "unsupported": draw(st.sampled_from(["skip", "drop"])),
        "repeat": draw(st.integers(1, 2)),
        "prompts": [{"text": text} for text in texts],
        "matrix": {"model": models, **axes},
    }


def reference(spec: dict[str, Any]) -> Iterator[tuple[str, str, tuple[str, ...], str | None, bool]]:
    """Yield what each job should be, one request after the other, with the reference validator alone."""
    axes: dict[str, list[Any]] = spec["matrix"]
    seen = set()
    catalog = CATALOGS[spec["catalog"]]
    content = frozenset().union(*(model.content_fields for model in catalog.models.values()))
    for prompt in spec["prompts"]:
        for values in itertools.product(*axes.values()):
            for repeat in range(spec["repeat"]):
                fields = dict(zip(axes, values, strict=True))
                text = prompt["text"].replace("{{ repeat }}", str(repeat)).replace("{{ model }}", str(fields["model"]))
                request = {name: value for name, value in (fields | {"prompt": text}).items() if value is not None}
                model = catalog.model(str(fields["model"]))
                sent = model.normalise(request)
                dropped: tuple[str, ...] = ()
                violations = model.violations(sent)
                if violations and spec["unsupported"] == "drop":
                    out = {v.field for v in violations if v.kind == "unknown_field"} - content
                    less = {name: value for name, value in sent.items() if name not in out}
                    if out and (left := model.violations(less)):
                        violations = left
                    elif out:
                        violations, dropped, sent = (), tuple(name for name in sent if name in out), less
                body = request if violations else sent
                identity = job_id(body, repeat)
                if identity not in seen:
                    seen.add(identity)
                    reason = violations[0].message if violations else None
                    yield identity, model.name, tuple(sorted(dropped)), reason, is_random(body, model)


@given(spec=specs())
@settings(max_examples=80)
def test_every_job_is_judged_as_the_reference_validator_judges_it(
    tmp_path_factory: pytest.TempPathFactory, spec: dict[str, Any]
) -> None:
    file = tmp_path_factory.mktemp("plan") / "spec.yaml"
    file.write_text(json.dumps(spec), encoding="utf-8")
    expected = list(reference(spec))
    if all(reason for _, _, _, reason, _ in expected):
        with pytest.raises(SpecError, match="nothing to make"):
            make_plan(load_spec(file))
        return
    plan = make_plan(load_spec(file))
    made = [item for item in plan.items() if isinstance(item, Job)]
    assert [
        (job.job_id, job.model, tuple(sorted(job.dropped)), job.skip.message if job.skip else None, job.random)
        for job in made
    ] == expected
    assert all(job.job_id == job_id(dict(job.request), job.repeat) for job in made)
    assert plan.figures.jobs == sum(job.skip is None for job in made)
    assert plan.figures.estimated_nusd == sum(job.estimated_nusd for job in made)
    assert plan.figures.folded == sum(isinstance(item, Duplicate) for item in plan.items())


@pytest.mark.parametrize(("date", "name"), [(date, name) for date, one in CATALOGS.items() for name in one.models])
@given(data=st.data())
@settings(max_examples=20)
def test_a_field_judged_by_itself_gets_the_validators_verdict(date: str, name: str, data: st.DataObject) -> None:
    model = CATALOGS[date].models[name]
    request: dict[str, Json] = {"model": name, "prompt": "x"}
    for field, accepts in independent_fields(model).items():
        value: Any = data.draw(
            st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False) | st.text(max_size=3)
            | st.sampled_from(["x" * 500, "x" * 501, "x" * 801, "é" * 800, 2**60, [], {}]),
            label=field,
        )  # fmt: skip
        refused = [found for found in model.violations(request | {field: value}) if found.field == field]
        assert accepts(value) is (not refused)


def test_plan_is_the_same_every_time(tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text(
        'version: 1\nname: trial\ncatalog: "2026-05"\nprompts: [a, "b {{ v }}"]\nrequest: {model: z-image-turbo}\n'
        "matrix: {seed: {random: {count: 5, seed: 1}}, v: [x, y]}\n",
        encoding="utf-8",
    )
    plan = make_plan(load_spec(file))
    assert list(plan.items()) == list(plan.items()) == list(make_plan(load_spec(file)).items())


@pytest.mark.parametrize("date", CATALOGS)
@given(data=st.data())
@settings(max_examples=60)
def test_fields_dropped_by_their_names_are_those_of_the_listed_violations(date: str, data: st.DataObject) -> None:
    catalog = CATALOGS[date]
    model = catalog.models[data.draw(st.sampled_from(sorted(catalog.models)))]
    assert model.refuses_by_name
    lists = replace(model)
    vars(lists)["refuses_by_name"] = False
    names = data.draw(st.lists(st.sampled_from([*VALUES, "qualty", "image_urls"]), unique=True))
    request = {
        "model": model.name,
        "prompt": "x",
        **{name: data.draw(VALUES.get(name, st.just("x"))) for name in names},
    }
    by_name, by_list = (
        judge_request(request, each, Unsupported.DROP, catalog.content_fields) for each in (model, lists)
    )
    assert by_name == by_list
    asked = model.normalise(request)
    if is_refused(asked, model, Unsupported.DROP, catalog.content_fields):
        assert isinstance(by_name, Rejected)
    assert not is_refused(asked, lists, Unsupported.DROP, catalog.content_fields)
