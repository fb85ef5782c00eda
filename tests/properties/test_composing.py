"""The composed form made in linear time is the standard library's."""

import sys
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.model.portable_paths import nfc

MARKS = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.combining(chr(code))]
DECOMPOSED = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.decomposition(chr(code))]
letters = st.sampled_from(MARKS) | st.sampled_from(DECOMPOSED) | st.sampled_from("aeo가ก\u1100\u1161")


@given(st.lists(letters, max_size=12))
def test_a_text_is_composed_as_the_standard_library_does(pieces: list[str]) -> None:
    # long enough to be put in order first, in front and behind, where nothing is composed with it
    text = "." * 101 + "".join(pieces) + "." * 101
    assert nfc(text) == unicodedata.normalize("NFC", text)


def test_no_other_character_stands_for_marks_alone() -> None:
    """The list of those that are taken apart before marks are put in order is whole."""
    for character in DECOMPOSED:
        marks = unicodedata.normalize("NFD", character)
        if unicodedata.combining(marks[0]) and len(marks) > 1:
            assert nfc("." * 201 + character) == "." * 201 + marks
            assert f"{ord(character):04X}" in {"0344", "0F73", "0F75", "0F81"}
