import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.cli.drawing.text import cells, cut_to_width, pad, safe, wrap


@pytest.mark.parametrize(
    ("text", "columns"),
    [("cat", 3), ("茶館", 4), ("e\u0301", 1), ("🐱", 2), ("👩\u200d🚀", 2), ("❤\ufe0f", 2), ("\uff46", 2), ("", 0)],
)
def test_cells_are_columns_of_a_terminal(text: str, columns: int) -> None:
    assert cells(text) == columns


def test_what_steers_a_terminal_is_escaped() -> None:
    assert safe("a\x1b[31mb\r\n\x07\u202e\ud800") == "a\\x1b[31mb\\r\\n\\x07\\u202e\\ud800"


def test_letters_and_emoji_are_left_as_they_are() -> None:
    assert safe("茶館 é 👩\u200d🚀") == "茶館 é 👩\u200d🚀"


@given(st.text())
def test_safe_text_holds_no_control_character(text: str) -> None:
    assert not {unicodedata.category(character) for character in safe(text)} & {"Cc", "Cs", "Zl", "Zp"}


@given(st.text(), st.integers(3, 30))
def test_cut_text_fits(text: str, width: int) -> None:
    shown = cut_to_width(safe(text), width)
    assert cells(shown) <= width
    assert shown == safe(text) or shown.endswith("…")


def test_padding_counts_columns_not_characters() -> None:
    assert (pad("茶", 4), pad("茶", 4, right=True)) == ("茶  ", "  茶")


def test_wrapped_lines_hang_below_the_first() -> None:
    assert wrap("one two three four", 11, hang="    ") == ["one two", "    three", "    four"]


@given(st.lists(st.text(st.characters(codec="ascii", exclude_characters=" \n"), min_size=1, max_size=8), min_size=1))
def test_wrapping_loses_no_word(words: list[str]) -> None:
    lines = wrap(" ".join(words), 20)
    assert " ".join(lines).split(" ") == words
    assert all(cells(line) <= 20 for line in lines)
