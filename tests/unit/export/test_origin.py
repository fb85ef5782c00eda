"""The record of an export states each option that decides what is in it."""

from dataclasses import fields
from pathlib import Path

from qwave_batch.export.export_request import ExportRequest, FileMode
from qwave_batch.export.image_change import AS_THEY_ARE, ImageChange, ImageForm, ProvenanceMark
from qwave_batch.export.origin import _options
from qwave_batch.export.splits import AxisSplit

UNSTATED = {"folders", "format", "out", "files", "card"}
"""Stated elsewhere in the record, or where the bytes come to lie, or the author's words, which are in the card."""
PLAIN = ExportRequest(folders=("run",), format="hf", out=Path("out"))
CHANGE = ImageChange(
    form=ImageForm.JPEG, quality=90, max_size=64, marks=frozenset({ProvenanceMark.XMP}), has_prompt=True
)


def test_every_option_that_was_given_is_stated_and_none_beside() -> None:
    asked = ExportRequest(
        folders=("run",),
        format="hf",
        out=Path("out"),
        where="index < 3",
        split=AxisSplit("light"),
        image=CHANGE,
        files=FileMode.LINK,
        drop=frozenset({"blank"}),
        card=Path("card.yaml"),
        has_failed=True,
        has_images=False,
        has_json=True,
    )
    unset = [each.name for each in fields(asked) if getattr(asked, each.name) == getattr(PLAIN, each.name)]
    unset += [each.name for each in fields(CHANGE) if getattr(CHANGE, each.name) == getattr(AS_THEY_ARE, each.name)]
    assert unset == ["folders", "format", "out"], "a new option is set here, and stated"
    stated = dict(_options(asked))
    assert len(stated) == len(fields(asked)) - len(UNSTATED) - 1 + len(fields(CHANGE))
    assert dict(_options(PLAIN)) == {}
