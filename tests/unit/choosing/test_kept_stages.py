"""The stages of a plan are kept where some of them are decided later, and anything else there counts as none."""

from pathlib import Path

from qwave_batch.choosing.kept_stages import keep_stages, kept_stages
from qwave_batch.folder.layout import RunLayout
from qwave_batch.model.planned_stage import ParentPick, PlannedStage
from tests.every_case import in_one_test

DRAFT = PlannedStage(name="draft")
NIGHT = PlannedStage(
    name="night",
    from_stage="draft",
    where="{{ parent.rating > least }}",
    variables={"least": 3},
    pick=ParentPick(n=2, by="ocr.cer", per=("prompt", "seed"), lowest=True),
)


def test_stages_are_read_as_they_were_kept(tmp_path: Path) -> None:
    layout = RunLayout(tmp_path)
    layout.create()
    assert kept_stages(layout) == ()
    keep_stages(layout, (DRAFT, NIGHT))
    assert kept_stages(layout) == (DRAFT, NIGHT)


def test_a_plan_that_decides_everything_keeps_none(tmp_path: Path) -> None:
    layout = RunLayout(tmp_path)
    layout.create()
    keep_stages(layout, (DRAFT, NIGHT))
    keep_stages(layout, (DRAFT,))
    assert not (tmp_path / ".qwave" / "stages.json").exists()
    keep_stages(layout, ())


@in_one_test(
    "content", ["", "7", "null", "[7]", '{"name": "a"}', '[{"name": 1}]', '[{"name": "a", "other": 1}]', "[" * 99_999]
)
def test_what_no_run_wrote_counts_as_none(tmp_path: Path, content: str) -> None:
    layout = RunLayout(tmp_path)
    (tmp_path / ".qwave").mkdir(exist_ok=True)
    (tmp_path / ".qwave" / "stages.json").write_text(content)
    assert kept_stages(layout) == ()
