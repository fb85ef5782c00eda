"""The cells of two sides in pairs."""

from qwave_batch.gating.cell_pairs import pair_cells
from tests.unit.gating.cells import cell


def test_cells_of_one_prompt_and_equal_axes_are_a_pair() -> None:
    a = [cell("p", 1, model="x", size="s"), cell("p", 2, model="x", size="l")]
    b = [cell("p", 3, model="x", size="l"), cell("p", 4, model="x", size="s")]
    found = pair_cells(a, b)
    assert [(pair.value("size"), pair.a[0].mean("ocr.words"), pair.b[0].mean("ocr.words")) for pair in found.pairs] == [
        ("l", 2, 3), ("s", 1, 4),
    ]  # fmt: skip
    assert found.matched == ("model", "size")
    assert found.apart == {}


def test_an_axis_without_a_common_value_sets_the_sides_apart() -> None:
    found = pair_cells([cell("p", 1, model="x", seed="1")], [cell("p", 2, model="y", seed="1")])
    assert found.matched == ("seed",)
    assert found.apart == {"model": (("x",), ("y",))}
    assert len(found.pairs) == 1


def test_an_axis_that_one_side_lacks_sets_them_apart() -> None:
    found = pair_cells([cell("p", 1)], [cell("p", 2, size="s"), cell("p", 4, size="l")])
    assert found.apart == {"size": ((), ("l", "s"))}
    assert [len(pair.b) for pair in found.pairs] == [2]


def test_all_that_finds_no_partner_is_counted_and_named() -> None:
    a = [cell("p", 1, model="x"), cell("p", 1, model="y"), cell("only-a", 1, model="x"), cell("t", 1, model="x")]
    b = [cell("p", 1, model="x"), cell("only-b", 1, model="x"), cell("t", 1, model="x", text="Another text")]
    left_out = pair_cells(a, b).unpaired
    assert (left_out.prompts_a, left_out.prompts_b, left_out.other_text) == (("only-a",), ("only-b",), ("t",))
    assert (left_out.values_a, left_out.values_b) == ({(("model", "y"),): 1}, {})


def test_the_axis_that_is_compared_may_change_the_text() -> None:
    a, b = [cell("p", 1, style="old", text="A cat")], [cell("p", 2, style="new", text="A cat, softly lit")]
    assert len(pair_cells(a, b, axis="style").pairs) == 1
    assert pair_cells(a, b).pairs == ()


def test_the_tags_of_a_pair_are_those_of_both_sides() -> None:
    found = pair_cells([cell("p", 1, tags=("x", "y"))], [cell("p", 1, tags=("y", "z"))])
    assert [pair.tags for pair in found.pairs] == [{"y"}]
