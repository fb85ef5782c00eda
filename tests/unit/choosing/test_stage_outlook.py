"""A stage says what its jobs wait for, in words and as data, and which step brings it."""

from qwave_batch.choosing.stage_choice import AwaitedKind, WaitReason
from qwave_batch.choosing.stage_outlook import StageOutlook
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.model.planned_stage import ParentPick, PlannedStage

NIGHT = PlannedStage(name="night", from_stage="draft", pick=ParentPick(n=1, by="ocr.crr"))
EVERY_KIND = StageOutlook(
    stage=NIGHT,
    taken=1,
    left_out=3,
    waiting={
        WaitReason(AwaitedKind.SCORE, "ocr.crr"): 1200,
        WaitReason(AwaitedKind.PARENTS): 1,
        WaitReason(AwaitedKind.CHECK): 2,
        WaitReason(AwaitedKind.PICK): 3,
        WaitReason(AwaitedKind.RATING): 4,
    },
    known_scores=("ocr.cer",),
)


def test_every_kind_is_told_with_the_step_that_brings_it() -> None:
    notes = (*EVERY_KIND.notes("runs/a"), *EVERY_KIND.chosen_notes())
    told = [(note.message.partition('"night" ')[2], [*note.next_steps]) for note in notes]
    assert told == [
        (
            'wait for a check of the images of stage "draft" as they are now',
            [Advice(NextStep.CHECK_THEN_RUN, "runs/a")],
        ),
        ('waits for jobs of stage "draft" that are not made yet', []),
        ('wait until people decide which images of stage "draft" to keep', [Advice(NextStep.IMPORT_PICKS, "runs/a")]),
        ('wait until people rate the images of stage "draft"', [Advice(NextStep.IMPORT_PICKS, "runs/a")]),
        (
            'wait for ocr.crr of stage "draft", and the folder has ocr.cer',
            [Advice(NextStep.SCORE, "runs/a", of="ocr")],
        ),
        ("is chosen and not made yet", [Advice(NextStep.RUN_AGAIN)]),
    ]


def test_data_name_what_is_waited_for() -> None:
    assert EVERY_KIND.as_json() == {
        "stage": "night",
        "from_stage": "draft",
        "chosen": 1,
        "left_out": 3,
        "waiting": [
            {"for": "check", "jobs": 2},
            {"for": "parents", "jobs": 1},
            {"for": "pick", "jobs": 3},
            {"for": "rating", "jobs": 4},
            {"for": "ocr.crr", "jobs": 1200},
        ],
    }
