from pathlib import Path
from types import SimpleNamespace

import pytest

from qwave_batch import lazy
from qwave_batch.errors import MissingExtra, UsageError
from qwave_batch.scoring import text_reader
from qwave_batch.scoring.text_reader import TextBox, in_reading_order


def box(text: str, left: float, top: float, height: float = 10) -> TextBox:
    return TextBox(text=text, left=left, top=top, bottom=top + height)


def order(*boxes: TextBox) -> str:
    return "".join(each.text for each in in_reading_order(boxes))


def test_boxes_are_read_row_by_row_from_the_left() -> None:
    assert order(box("d", 50, 21), box("c", 0, 20), box("b", 50, 0), box("a", 0, 2)) == "abcd"


def test_a_small_box_beside_a_tall_one_is_a_row_of_its_own_unless_their_middles_meet() -> None:
    assert order(box("b", 0, 0, 60), box("a", 90, 0, 10)) == "ab"
    assert order(box("a", 0, 0, 60), box("b", 90, 25, 10)) == "ab"


def test_nothing_has_no_order() -> None:
    assert order() == ""


def test_a_package_without_its_weights_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is fetched in their place."""
    monkeypatch.setattr(lazy, "rapidocr", SimpleNamespace(__file__=str(tmp_path / "__init__.py")), raising=False)
    with pytest.raises(UsageError, match="came without its weights"):
        text_reader._loaded_engine.__wrapped__()


def test_without_the_extra_the_line_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_reader, "_ENGINE", "an-engine-that-nobody-has")
    with pytest.raises(MissingExtra, match=r"the scorer ocr needs .*pip install 'qwave-batch\[ocr\]'"):
        text_reader.engine_version()
