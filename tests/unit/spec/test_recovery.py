import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.model.problem import Problem
from qwave_batch.spec.recovery import is_consequence, recover
from qwave_batch.spec.values.value_path import path_text, steps_of

SOUND = {"version": 1, "name": "a", "catalog": "2026-05", "prompts": ["x", {"text": "y", "id": "b"}], "timeout": 5}


@given(
    st.lists(
        st.one_of(st.integers(0, 99), st.text(st.characters(exclude_characters='"'), min_size=1)), min_size=1
    ).filter(lambda path: isinstance(path[0], str))
)
def test_steps_are_read_back_from_a_path(path: list[str | int]) -> None:
    assert steps_of(path_text(tuple(path))) == tuple(path)


def test_a_loose_part_gives_way_to_its_default() -> None:
    rest = recover(SOUND | {"timeout": "soon"}, [Problem(message="", path="timeout")])
    assert rest is not None
    assert "timeout" not in rest.value


def test_a_prompt_is_lost_and_keeps_its_place() -> None:
    rest = recover(SOUND, [Problem(message="", path="prompts[0]")])
    assert rest is not None
    assert (rest.lost_prompts, len(rest.value["prompts"])) == (frozenset({0}), 2)


def test_a_prompt_without_its_id_is_still_a_prompt() -> None:
    rest = recover(SOUND, [Problem(message="", path="prompts[1].id")])
    assert rest is not None
    assert (rest.lost_prompts, rest.value["prompts"][1]) == (frozenset(), {"text": "y"})


@pytest.mark.parametrize("path", ["matrix.include[0]", "matrix", "vars", "catalog", "prompts", "extends"])
def test_a_part_that_all_depends_on_leaves_too_much_open(path: str) -> None:
    assert recover(SOUND, [Problem(message="", path=path)]) is None


def test_what_was_given_stays_as_it_was() -> None:
    value = {**SOUND, "prompts": ["x", {"text": "y", "id": "b"}]}
    recover(value, [Problem(message="", path="prompts[1].id"), Problem(message="", path="timeout")])
    assert value == SOUND


@pytest.mark.parametrize(
    ("found", "is_old"),
    [
        ("request.n", True),
        ("request.n[0]", True),
        ("request", True),
        ("", True),
        ("request.seed", False),
        ("prompts[1].text", False),
        ("matrix.light", False),
    ],
)
def test_only_what_follows_from_a_problem_is_told_already(found: str, *, is_old: bool) -> None:
    assert (
        is_consequence(Problem(message="", path=found), [Problem(message="", path="request.n")], is_partial=False)
        is is_old
    )


def test_names_may_have_been_used_in_a_lost_prompt() -> None:
    assert is_consequence(Problem(message="", path="matrix.light"), [], is_partial=True)
    assert not is_consequence(Problem(message="", path="matrix.light[1]"), [], is_partial=True)
