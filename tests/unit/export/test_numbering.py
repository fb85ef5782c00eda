"""Names of exported files, and captions: laws over all texts and numbers."""

from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.export.numbering import Numbering, caption_of, split_folders
from qwave_batch.export.splits import ONE_SPLIT, read_split

TEXTS = st.text(st.characters(exclude_categories=()) | st.sampled_from("\n\r\v\f\x1c\x85\u2028\u2029 "))


@given(TEXTS)
def test_a_caption_is_one_line_for_every_reader_and_encoding(prompt: str) -> None:
    caption = caption_of(prompt)
    assert caption.encode().decode() == caption
    assert len(caption.splitlines()) <= 1
    assert caption.count("\n") == 0


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs"))))
def test_a_prompt_on_one_line_is_its_own_caption(prompt: str) -> None:
    assert caption_of(prompt) == prompt


@given(st.integers(1, 10**8), st.data())
def test_names_sort_as_their_numbers_and_have_one_width(count: int, data: st.DataObject) -> None:
    numbering = Numbering("", count)
    low = data.draw(st.integers(0, count - 1))
    high = data.draw(st.integers(low, count - 1))
    assert numbering.stem(low) <= numbering.stem(high)
    assert len(numbering.stem(low)) == len(numbering.stem(count - 1)) >= 6


def test_only_splits_that_were_asked_for_and_have_rows_have_a_folder() -> None:
    assert list(split_folders(ONE_SPLIT, {"train": 3})) == [("train", "")]
    shares = read_split("train=0.5,test=0.3,rest=0.2")
    assert list(split_folders(shares, {"train": 2, "test": 1, "rest": 0})) == [("train", "train/"), ("test", "test/")]
