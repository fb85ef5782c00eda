import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.scoring.text_accuracy import edit_distance, normalized, text_accuracy, words_of

SHORT = st.text(alphabet="abc茶 ", max_size=12)


def slow_distance(pattern: str, text: str, *, anywhere: bool) -> int:
    """Return the edit distance by its table (Wagner and Fischer), to compare with."""
    row = [0 if anywhere else index for index in range(len(text) + 1)]
    for up, one in enumerate(pattern, 1):
        before, row = row, [up]
        for index, other in enumerate(text, 1):
            row.append(min(before[index] + 1, row[index - 1] + 1, before[index - 1] + (one != other)))
    return min(row) if anywhere else row[-1]


@given(SHORT, SHORT, st.booleans())
def test_the_distance_is_that_of_the_table(pattern: str, text: str, anywhere: bool) -> None:  # noqa: FBT001
    assert edit_distance(pattern, text, anywhere=anywhere) == slow_distance(pattern, text, anywhere=anywhere)


@given(SHORT, SHORT)
def test_distances_are_the_same_both_ways(one: str, other: str) -> None:
    assert edit_distance(one, other) == edit_distance(other, one)


@given(st.lists(SHORT.filter(str.strip), min_size=1, max_size=3), SHORT)
def test_shares_are_shares(expected: list[str], read: str) -> None:
    found = text_accuracy(expected, read)

    assert 0 <= found.characters <= 1
    assert 0 <= found.words <= 1
    assert found.cer >= 0


@pytest.mark.parametrize(
    "text", ["Grand Opening!", "老茶馆 今日特价", "“Don't” — \uff15\uff10% OFF", "สวัสดี", "東京タワー", "Straße"]
)
def test_a_text_that_was_read_as_it_is_has_full_marks(text: str) -> None:
    found = text_accuracy([text], text)

    assert (found.cer, found.characters, found.words) == (0, 1, 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Tea's ready, SIR", ["tea's", "ready", "sir"]),
        ("老茶馆open", ["老", "茶", "馆", "open"]),
        ("カフェ Tokyo 2026", ["カ", "フ", "ェ", "tokyo", "2026"]),
        ("서울 시장", ["서울", "시장"]),
        ("naïve café", ["naïve", "café"]),
        ("50 % - off", ["50", "off"]),
    ],
)
def test_words_are_runs_of_letters_and_single_characters_without_spaces(text: str, words: list[str]) -> None:
    assert words_of(normalized(text)) == words


def test_shapes_of_quotes_dashes_widths_and_cases_are_one() -> None:
    assert normalized("「\uff34\uff45\uff41」\u00a0— \u2018hot\u2019") == normalized("\"tea\" - 'hot'")


def test_case_counts_where_it_is_kept() -> None:
    assert text_accuracy(["TEA"], "tea", keeps_case=True).characters == 0
    assert text_accuracy(["TEA"], "tea").characters == 1


def test_a_line_end_is_no_error() -> None:
    assert text_accuracy(["an old teahouse"], "an old tea\nhouse").cer == 0


def test_other_text_in_the_image_is_an_error_for_the_rate_alone() -> None:
    found = text_accuracy(["tea"], "the house of tea")

    assert found.cer > 1
    assert (found.characters, found.words) == (1, 1)


def test_texts_may_stand_in_any_order_for_the_shares() -> None:
    found = text_accuracy(["open", "closed"], "closed open")

    assert (found.characters, found.words) == (1, 1)
    assert found.cer > 0


def test_a_word_counts_as_often_as_it_was_read() -> None:
    assert text_accuracy(["tea tea tea tea"], "tea").words == 0.25


def test_nothing_that_was_read_is_worth_nothing() -> None:
    found = text_accuracy(["tea"], "")

    assert (found.cer, found.characters, found.words) == (1, 0, 0)
