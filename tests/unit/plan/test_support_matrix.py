from collections.abc import Callable
from pathlib import Path

import pytest

from qwave_batch.api.spec_files import support_matrix
from qwave_batch.errors import SpecError, UsageError
from qwave_batch.plan.support_matrix import MOST_VALUES, Support, SupportMatrix

HEAD = 'version: 1\nname: trial\ncatalog: "2026-05"\nprompts: [a]\n'
MatrixOf = Callable[[str], SupportMatrix]


@pytest.fixture
def matrix_of(tmp_path: Path) -> MatrixOf:
    """The support matrix of a spec given without its head."""

    def look(body: str) -> SupportMatrix:
        file = tmp_path / "spec.yaml"
        file.write_text(HEAD + body, encoding="utf-8")
        return support_matrix(file)

    return look


def drawn(matrix: SupportMatrix, model: str) -> dict[str, list[str]]:
    return {axis.name: [axis.support(model, text).value for text in axis.values] for axis in matrix.axes}


def test_a_value_is_taken_dropped_or_refused(matrix_of: MatrixOf) -> None:
    matrix = matrix_of(
        'matrix: {model: [gpt-image-2, imagen-4.0], aspect_ratio: ["1:1", "8:1"], resolution: [1K, 2K]}\n'
    )
    assert drawn(matrix, "gpt-image-2") == {"aspect_ratio": ["takes", "refuses"], "resolution": ["takes", "takes"]}
    assert drawn(matrix, "imagen-4.0") == {"aspect_ratio": ["takes", "refuses"], "resolution": ["drops", "drops"]}


@pytest.mark.parametrize("unsupported", ["error", "skip", "drop"])
def test_the_matrix_is_the_same_whatever_the_spec_does_about_it(matrix_of: MatrixOf, unsupported: str) -> None:
    matrix = matrix_of(f"unsupported: {unsupported}\nmatrix: {{model: [imagen-4.0], resolution: [1K, 2K]}}\n")
    assert drawn(matrix, "imagen-4.0") == {"resolution": ["drops", "drops"]}


def test_a_refusal_is_laid_to_the_axis_that_sets_the_field(matrix_of: MatrixOf) -> None:
    matrix = matrix_of('matrix: {model: [imagen-4.0], aspect_ratio: ["8:1"], seed: [1, -7]}\n')
    assert drawn(matrix, "imagen-4.0") == {"aspect_ratio": ["refuses"], "seed": ["takes", "refuses"]}


def test_what_depends_on_another_axis_is_told(matrix_of: MatrixOf) -> None:
    matrix = matrix_of('matrix: {model: [gpt-image-2], aspect_ratio: ["1:1", "16:9"], resolution: [1K, 4K]}\n')
    assert Support.SOMETIMES in {Support(one) for each in drawn(matrix, "gpt-image-2").values() for one in each}


def test_a_combination_that_is_excluded_is_not_judged(matrix_of: MatrixOf) -> None:
    matrix = matrix_of(
        "matrix: {model: [gpt-image-2, imagen-4.0], resolution: [1K, 2K], "
        "exclude: [{model: imagen-4.0, resolution: 2K}]}\n"
    )
    assert drawn(matrix, "imagen-4.0") == {"resolution": ["drops", "absent"]}


def test_an_axis_that_sets_no_field_is_not_drawn(matrix_of: MatrixOf) -> None:
    matrix = matrix_of("request: {style: '{{ light }}'}\nmatrix: {model: [gpt-image-2], light: [vivid, natural]}\n")
    assert matrix.axes == []


def test_a_variant_is_judged_by_the_fields_of_its_request(matrix_of: MatrixOf) -> None:
    matrix = matrix_of(
        "matrix: {model: [imagen-4.0], look: [{id: plain}, {id: wide, request: {aspect_ratio: '8:1'}}]}\n"
    )
    assert drawn(matrix, "imagen-4.0") == {"look": ["takes", "refuses"]}


def test_a_long_axis_stands_as_one(matrix_of: MatrixOf) -> None:
    matrix = matrix_of(f"matrix: {{model: [imagen-4.0], seed: {{start: 1, count: {MOST_VALUES + 1}}}}}\n")
    (axis,) = matrix.axes
    assert (axis.has_more, drawn(matrix, "imagen-4.0")) == (True, {"seed": ["takes"]})


def test_what_no_axis_sets_is_counted_apart(matrix_of: MatrixOf) -> None:
    matrix = matrix_of("request: {action: edit}\nmatrix: {model: [imagen-4.0], seed: [1, 2]}\n")
    entries = matrix.models["imagen-4.0"]
    assert (entries.asked, entries.refused, entries.elsewhere) == (2, 2, 2)


def test_a_spec_that_cannot_be_read_has_no_matrix(matrix_of: MatrixOf) -> None:
    with pytest.raises(SpecError):
        matrix_of("matrix: {model: 7}\n")


def test_a_plan_in_a_file_has_no_matrix(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a plan"):
        support_matrix(tmp_path / "plan.jsonl")


def test_the_matrix_has_a_json_form(matrix_of: MatrixOf) -> None:
    told = matrix_of("matrix: {model: [imagen-4.0], seed: [1]}\n").as_json()
    assert told == {
        "models": {"imagen-4.0": {"entries": 1, "refused": 0, "refused_elsewhere": 0}},
        "axes": [
            {
                "axis": "seed",
                "fields": ["seed"],
                "has_more": False,
                "values": [{"value": 1, "models": {"imagen-4.0": "takes"}}],
            }
        ],
    }


def test_a_number_of_images_that_a_model_cannot_make_is_no_axis_fault(matrix_of: MatrixOf) -> None:
    matrix = matrix_of('images: 4\nmatrix: {model: [doubao-seedream-4.5], action: [group], aspect_ratio: ["1:1"]}\n')
    assert drawn(matrix, "doubao-seedream-4.5")["aspect_ratio"] == ["takes"]
    (entries,) = matrix.models.values()
    assert (entries.asked, entries.refused, entries.elsewhere) == (1, 1, 1)
