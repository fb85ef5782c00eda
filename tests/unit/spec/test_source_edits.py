from collections.abc import Callable

import pytest

from qwave_batch.spec.yaml.source_edits import SourceEdits
from qwave_batch.spec.yaml.source_tree import SourceNode, source_tree

Edit = Callable[[SourceEdits, SourceNode], None]


def edited(text: str, edit: Edit) -> str:
    root = source_tree(text)
    edits = SourceEdits(text, root)
    edit(edits, root)
    return edits.result()


def at(root: SourceNode, *path: str | int) -> SourceNode:
    for step in path:
        node = root.items[step] if isinstance(step, int) else root.get(step)
        assert node is not None
        root = node
    return root


def test_a_text_without_edits_is_what_it_was() -> None:
    text = "# a\na: &x [1, 'two']  # b\n\nb: *x\nc: |\n  # text\n  d\n"
    assert edited(text, lambda _edits, _root: None) == text


@pytest.mark.parametrize("quote", ["", "'", '"'])
@pytest.mark.parametrize("property_", ["", "&anchor ", "!!str "])
def test_a_scalar_keeps_its_quotes_and_what_stands_before_it(quote: str, property_: str) -> None:
    text = f"a: {property_}{quote}old{quote}  # why\nb: old\n"
    now = f"a: {property_}{quote}new{quote}  # why\nb: old\n"
    assert edited(text, lambda edits, root: edits.replace_scalar(at(root, "a"), "new")) == now


def test_characters_beyond_the_basic_plane_and_line_ends_of_windows_move_nothing() -> None:
    text = "a: 🙂 é\r\nb: old # 🙂\r\nc: x\r\n"
    assert edited(text, lambda edits, root: edits.replace_scalar(at(root, "b"), "new")) == text.replace("old", "new")


@pytest.mark.parametrize(
    ("text", "now"),
    [
        ("a:\n  b: 1\n  c: 2\n", "a:\n  c: 2\n"),
        ("a:\n  b: 1  # why\n  c: 2\n", "a:\n  # why\n  c: 2\n"),
        ("a:\n  c: 2\n  b: 1 # why", "a:\n  c: 2\n  # why\n"),
        ("a:\r\n  b: 1 # why\r\n  c: 2\r\n", "a:\r\n  # why\r\n  c: 2\r\n"),
        ("a:\n  b: 'a # b'\n  c: 2\n", "a:\n  c: 2\n"),
        ("a:\n  b: |\n    one\n    two\n  c: 2\n", "a:\n  c: 2\n"),
        (
            "a:\n  b:\n    - 1 # one\n    # two\n    - 2\n  # three\n  c: 2\n",
            "a:\n  # one\n  # two\n  # three\n  c: 2\n",
        ),
        ("a: {b: 1, c: 2}\n", "a: {c: 2}\n"),
        ("a: {c: 2, b: 1} # why\n", "a: {c: 2} # why\n"),
        ("a: {c: 2, b: [1, 2], d: 3}\n", "a: {c: 2, d: 3}\n"),
        ("x: 1\na: {b: 1}\ny: 2\n", "x: 1\ny: 2\n"),
        ("x: 1\na:\n  b: 1 # why\ny: 2\n", "x: 1\n# why\ny: 2\n"),
    ],
)
def test_an_entry_goes_with_its_line_and_its_comment_stays(text: str, now: str) -> None:
    result = edited(text, lambda edits, root: edits.remove(at(root, "a", "b")))
    assert result == now
    source_tree(result)


def test_the_first_key_of_an_item_goes_and_its_dash_stays() -> None:
    text = "a:\n  - b: 1  # why\n    c: 2\n  - c: 3\n"
    assert edited(text, lambda edits, root: edits.remove(at(root, "a", 0, "b"))) == (
        "a:\n  - # why\n    c: 2\n  - c: 3\n"
    )


@pytest.mark.parametrize(
    ("text", "now"),
    [
        ("a:\n  - x\n  - y # why\n  - z\n", "a:\n  - x\n  # why\n  - z\n"),
        ("a: [x, y, z]\n", "a: [x, z]\n"),
        ("a:\n- x\n- y\n- z\n", "a:\n- x\n- z\n"),
        ("a:\n  - x\n  - &of-y y\n  - z\n", "a:\n  - x\n  - z\n"),
        ("a:\n  - x\n  -\n    y # why\n  - z\n", "a:\n  - x\n  # why\n  - z\n"),
        ("a:\n- x\n- - y\n  - z\n", "a:\n- x\n"),
    ],
)
def test_an_item_goes(text: str, now: str) -> None:
    assert edited(text, lambda edits, root: edits.remove(at(root, "a", 1))) == now


def test_neighbours_go_together() -> None:
    def edit(edits: SourceEdits, root: SourceNode) -> None:
        edits.remove(at(root, "a", "c"))
        edits.remove(at(root, "a", "d"))
        edits.replace_scalar(at(root, "a", "d"), "never")

    assert edited("a: {b: 1, c: 2, d: x}\n", edit) == "a: {b: 1}\n"
    assert edited("a:\n  c: 2\n  d: x\n  b: 1\n", edit) == "a:\n  b: 1\n"


@pytest.mark.parametrize(
    ("text", "now"),
    [
        ("a:\n  b: x  # why\n  c: 2\n", "a:\n  b: x  # why\n  d: true\n  c: 2\n"),
        ("a:\n  b: x", "a:\n  b: x\n  d: true"),
        ("a: {b: x}\n", "a: {b: x, d: true}\n"),
        ("- a:\n    b: x\n", "- a:\n    b: x\n    d: true\n"),
    ],
)
def test_an_entry_is_added_behind_another(text: str, now: str) -> None:
    path = (0, "a", "b") if text.startswith("-") else ("a", "b")
    assert edited(text, lambda edits, root: edits.add_entry(at(root, *path), "d: true")) == now


def test_an_alias_is_known_as_one() -> None:
    root = source_tree("a: &x old\nb: *x\n")
    assert root.entries[1][1].target is root.entries[0][1]
    assert not at(root, "a").is_replaceable


FLOW = "a: [  # open\n  x,   # one\n  y , # two\n  z\n  # last\n  ]  # close\nb: 1\n"


@pytest.mark.parametrize(
    ("gone", "now"),
    [
        ([0], "a: [  # open\n  # one\n  y , # two\n  z\n  # last\n  ]  # close\nb: 1\n"),
        ([1], "a: [  # open\n  x,   # one\n  # two\n  z\n  # last\n  ]  # close\nb: 1\n"),
        ([2], "a: [  # open\n  x,   # one\n  y  # two\n  # last\n  ]  # close\nb: 1\n"),
        ([1, 2], "a: [  # open\n  x   # one\n  # two\n  # last\n  ]  # close\nb: 1\n"),
        ([0, 2], "a: [  # open\n  # one\n  y  # two\n  # last\n  ]  # close\nb: 1\n"),
    ],
)
def test_comments_between_brackets_stay(gone: list[int], now: str) -> None:
    def edit(edits: SourceEdits, root: SourceNode) -> None:
        for number in gone:
            edits.remove(at(root, "a", number))

    assert edited(FLOW, edit) == now


@pytest.mark.parametrize(
    ("text", "now"),
    [
        ("a: [x, # one\n  y] # two\n", "a: [x # one\n  ] # two\n"),
        ("a: {x: 1, # one\n  b: 2,} # two\n", "a: {x: 1 # one\n  } # two\n"),
    ],
)
def test_a_bracket_does_not_become_a_part_of_a_comment(text: str, now: str) -> None:
    assert edited(text, lambda edits, root: edits.remove(at(root, "a", *([1] if "[" in text else ["b"])))) == now


@pytest.mark.parametrize("style", [">-", "|-", "|"])
def test_a_block_scalar_ends_with_its_text(style: str) -> None:
    text = f"a:\n  b: {style}\n    one\n\n  c: 2\n"
    added = edited(text, lambda edits, root: edits.add_entry(at(root, "a", "b"), "d: 3"))
    assert added == f"a:\n  b: {style}\n    one\n  d: 3\n\n  c: 2\n"
    replaced = edited(text, lambda edits, root: edits.replace_scalar(at(root, "a", "b"), "two"))
    assert replaced == text.replace("one", "two")


def test_an_entry_is_added_where_the_next_one_goes() -> None:
    def edit(edits: SourceEdits, root: SourceNode) -> None:
        edits.add_entry(at(root, "a", "b"), "d: 3")
        edits.remove(at(root, "a", "c"))

    assert edited("a: {b: 1, c: 2}\n", edit) == "a: {b: 1, d: 3}\n"
    assert edited("a:\n  b: 1\n  c: 2\n", edit) == "a:\n  b: 1\n  d: 3\n"


@pytest.mark.parametrize(
    ("text", "now"),
    [
        ("a: older     # one\nb: 1         # two\n", "a: new       # one\nb: 1         # two\n"),
        ("b: '# two'   # two\na: old       # one\n", "b: '# two'   # two\na: new       # one\n"),
        ("b: 1  # two\r\na: o  # one\r\n", "b: 1  # two\r\na: new  # one\r\n"),
        ("a: o       # one\nb: 1 # two\n", "a: new       # one\nb: 1 # two\n"),
        ("a: o       # one\nb: '        # two'\n", "a: new       # one\nb: '        # two'\n"),
    ],
)
def test_a_comment_in_a_column_stays_in_it(text: str, now: str) -> None:
    """One that no neighbour stands in line with keeps its distance."""
    assert edited(text, lambda edits, root: edits.replace_scalar(at(root, "a"), "new")) == now
    added = edited(text, lambda edits, root: edits.add_entry(at(root, "a"), "c: 3"))
    assert text.splitlines() == [line for line in added.splitlines() if line != "c: 3"]
