"""exclude and include against a reading of GitHub's documentation word by word."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwave_batch.errors import SpecError
from qwave_batch.model.job import Job
from qwave_batch.plan.planner import make_plan
from qwave_batch.spec.loading import load_spec

AXES = ("fruit", "animal", "size")
ADDED = ("color", "shape")
value = st.sampled_from(["a", "b", "c"])
entry = st.dictionaries(st.sampled_from((*AXES, *ADDED)), value, min_size=1, max_size=4)


@st.composite
def matrices(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(st.sampled_from(AXES), unique=True, max_size=3))
    axes = {name: draw(st.lists(value, unique=True, min_size=1, max_size=3)) for name in names}
    # one that names no value of an axis is an error
    there = {name: st.sampled_from(axes[name]) for name in names}
    excludes = st.fixed_dictionaries({}, optional=there).filter(bool) if names else st.nothing()
    return {
        **axes,
        "exclude": draw(st.lists(excludes, max_size=2)) if names else [],
        "include": draw(st.lists(entry, max_size=4)),
    }


def reference(matrix: dict[str, Any]) -> list[dict[str, str]]:
    """Return the combinations, each with all its keys."""
    axes = {name: values for name, values in matrix.items() if name in AXES}
    if axes or not matrix["include"]:
        product = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    else:
        product = []
    left = [c for c in product if not any(all(c[key] == e[key] for key in e) for e in matrix["exclude"])]
    made = [dict(combination) for combination in left]
    own = []
    for added in matrix["include"]:
        fitting = [
            number
            for number, original in enumerate(left)
            if axes and all(original[key] == added[key] for key in added if key in axes)
        ]
        if not fitting:
            own.append(dict(added))
        for number in fitting:
            made[number] |= {key: item for key, item in added.items() if key not in axes}
    return made + own


def text_of(combination: dict[str, str]) -> str:
    return " ".join(f"{name}={combination.get(name, '-')}" for name in (*AXES, *ADDED))


@given(matrix=matrices())
@settings(max_examples=150)
def test_exclude_and_include_are_those_of_github_actions(
    tmp_path_factory: pytest.TempPathFactory, matrix: dict[str, Any]
) -> None:
    text = " ".join(f"{name}={{{{ {name} | default('-') }}}}" for name in (*AXES, *ADDED))
    spec = {
        "version": 1,
        "name": "trial",
        "catalog": "2026-05",
        "prompts": [text],
        "request": {"model": "z-image-turbo"},
        "matrix": {key: entries for key, entries in matrix.items() if entries},
    }
    if not spec["matrix"]:
        del spec["matrix"]
    file = tmp_path_factory.mktemp("matrix") / "spec.yaml"
    file.write_text(json.dumps(spec), encoding="utf-8")
    expected = [text_of(combination) for combination in reference(matrix)]
    if not expected:
        with pytest.raises(SpecError, match="nothing to make"):
            make_plan(load_spec(file))
        return
    plan = make_plan(load_spec(file))
    found: dict[int, str] = {}
    by_id = {}
    for item in plan.items():
        if isinstance(item, Job):
            by_id[item.job_id] = item.prompt
        found[item.index] = by_id[item.job_id]
    assert [found[index] for index in sorted(found)] == expected
