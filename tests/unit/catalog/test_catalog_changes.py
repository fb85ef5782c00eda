import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.catalog_changes import CatalogChanges, FieldChange
from qwave_batch.catalog.catalog_files import open_catalog, read_catalog
from qwave_batch.model.problem import Problem
from qwave_batch.plan.counting import count_plan
from qwave_batch.plan.plan_summary import Figures
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.plan.stages import prepare_plan
from qwave_batch.resources import shipped
from qwave_batch.spec.loading import load_spec

CHANGES = {
    "since": "2026-05",
    "models": {"gpt-image-2": {"use": "qwen-image-2.0", "note": "it is dearer"}},
    "values": {
        "action": {
            "fuse": {"action": "reference"},
            "looked_up": {"action": "search_grounded", "google_search": True},
        }
    },
    "fields": {
        "style": {"instead": "put the style into the prompt"},
        "turbo": {"instead": "take turbo out", "idle": [False]},
        "old_group": {"instead": "write n", "beside": {"auto": "old_options"}},
        "old_options": {"instead": "write n", "becomes": {"n": "max_images"}},
    },
}
GONE = {
    "imagen-3.0": {"use": "imagen-4.0", "since": "2026-09-03"},
    "old-image": {"use": "a model of another vendor"},
}


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Return a catalog that says what changed since an older one."""
    folder = tmp_path_factory.mktemp("schemas") / "2027-01"
    shutil.copytree(shipped("schemas/2026-05"), folder)
    listing: dict[str, Any] = yaml.safe_load((folder / "catalog.yaml").read_text(encoding="utf-8"))
    listing |= {"catalog": "2027-01", "gone": GONE, "changes": CHANGES}
    (folder / "catalog.yaml").write_text(yaml.safe_dump(listing, sort_keys=False), encoding="utf-8")
    return read_catalog(folder)


def problems(spec: str, catalog: Catalog, folder: Path) -> list[Problem]:
    file = folder / "spec.yaml"
    file.write_text(f'version: 1\nname: s\ncatalog: "2026-05"\n{spec}', encoding="utf-8")
    loaded = load_spec(file)
    found = ProblemCollector(loaded.source_map)
    count_plan(prepare_plan(loaded, catalog, lambda _: found), Figures())
    return list(found.found())


def told(found: list[Problem]) -> list[tuple[str, str, str | None]]:
    return [(problem.path, problem.message, problem.suggestion) for problem in found]


def test_a_catalog_without_changes_says_nothing_of_an_older_one() -> None:
    changes = open_catalog("2026-05").changes
    assert changes == CatalogChanges(date="2026-05")
    assert changes.value_advice("action", "fuse") is None
    assert changes.field_advice("style", "oil") is None
    assert changes.meaning_advice("gpt-image-2") is None


def test_a_retired_model_has_a_successor_where_there_is_a_single_one(later: Catalog) -> None:
    assert later.successor("imagen-3.0") is later.models["imagen-4.0"]
    assert later.successor("old-image") is None
    assert later.successor("imagen-4.0") is None


def test_a_retired_model_is_told_with_all_that_its_successor_does_not_take(later: Catalog, tmp_path: Path) -> None:
    spec = "prompts: [a]\nrequest: {model: imagen-3.0, action: fuse, style: oil, seed: 1}\n"
    assert told(problems(spec, later, tmp_path)) == [
        ("request.model", 'the model "imagen-3.0" is gone since 2026-09-03: use imagen-4.0', None),
        ("request.action", 'action "fuse" is "reference" in 2027-01', "write action: reference"),
        ("request.style", 'imagen-4.0 takes no field "style"', "put the style into the prompt"),
    ]


@pytest.mark.parametrize("unsupported", ["error", "skip", "drop"])
def test_a_value_that_is_written_otherwise_is_an_error_and_never_a_reason_to_skip(
    later: Catalog, tmp_path: Path, unsupported: str
) -> None:
    spec = f"prompts: [a, b]\nunsupported: {unsupported}\nmatrix:\n  model: [imagen-4.0, gpt-image-2]\n"
    found = problems(f"{spec}request: {{action: looked_up}}\n", later, tmp_path)
    assert told(found) == [
        (
            "request.action",
            'action "looked_up" is "search_grounded" with google_search: true in 2027-01',
            "write action: search_grounded, google_search: true",
        )
    ]
    assert found[0].count == 4


def test_a_name_that_means_another_model_is_told_where_its_fields_went(later: Catalog, tmp_path: Path) -> None:
    found = problems("prompts: [a]\nrequest: {model: gpt-image-2, turbo: true}\n", later, tmp_path)
    other = "gpt-image-2 is another model than in 2026-05 (it is dearer); qwen-image-2.0 is nearest to that one"
    assert [problem.suggestion for problem in found] == [f"take turbo out; {other}"]


@pytest.mark.parametrize("unsupported", ["skip", "drop"])
def test_a_field_that_no_model_takes_any_more_is_told_with_what_to_do(
    later: Catalog, tmp_path: Path, unsupported: str
) -> None:
    spec = f"prompts: [a]\nunsupported: {unsupported}\nrequest: {{model: imagen-4.0, turbo: true}}\n"
    assert [(found.path, found.suggestion) for found in problems(spec, later, tmp_path)] == [
        ("request.turbo", "take turbo out")
    ]


def test_an_axis_of_a_field_that_is_gone_is_told_with_what_to_do(later: Catalog, tmp_path: Path) -> None:
    found = problems("prompts: [a]\nmatrix: {model: [imagen-4.0], turbo: [true, false]}\n", later, tmp_path)
    assert told(found) == [("matrix.turbo", 'no model has a field "turbo" any more', "take turbo out")]


def test_values_that_say_nothing_can_go() -> None:
    change = FieldChange(instead="x", idle=(1, False))
    assert change.is_idle(1)
    assert change.is_idle(False)
    assert not change.is_idle(True)
    assert not change.is_idle(0)


def test_an_axis_of_ones_own_may_not_be_called_like_a_field_of_some_models(later: Catalog, tmp_path: Path) -> None:
    spec = (
        "prompts: [a]\nrequest: {model: gpt-image-2}\n"
        "matrix:\n  watermark:\n    - {id: plain, request: {style: oil}}\n    - {id: fine, request: {style: ink}}\n"
    )
    assert told(problems(spec, later, tmp_path)) == [
        (
            "matrix.watermark",
            '"watermark" is a field of some models, and its values are those of a variable of your own',
            "write vars.watermark",
        )
    ]
