"""Workers elsewhere send the errors of their work home by pickle."""

import inspect
import pickle

import pytest

from qwave_batch import errors
from qwave_batch.errors import (
    FolderBusy,
    MissingExtra,
    QwaveError,
    SpecError,
    StorageError,
    UnknownName,
    UnsupportedSystem,
    WorkerKilled,
)
from qwave_batch.model.next_step import NextStep
from qwave_batch.model.problem import Problem

MADE = (
    UnknownName("model", "imagn", ["imagen"], hint="look there"),
    MissingExtra("this", "ray", "ray"),
    UnsupportedSystem(),
    FolderBusy("runs/cats", "process 7"),
    WorkerKilled(3, 3, "it ran out of memory"),
    SpecError([Problem(message="too many")]),
    StorageError("the disk is full", next_steps=[NextStep.RUN_AGAIN]),
)


@pytest.mark.parametrize("error", MADE, ids=lambda error: type(error).__name__)
def test_an_error_comes_back_as_it_was(error: QwaveError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (str(again), vars(again)) == (str(error), vars(error))


def test_each_error_that_takes_facts_is_tried() -> None:
    """Pickle makes exceptions of their words alone, which these do not take."""
    public = [getattr(errors, name) for name in errors.__all__]
    classes = {each for each in public if inspect.isclass(each) and issubclass(each, QwaveError)} - {QwaveError}
    with_facts = {each for each in classes if "__init__" in vars(each)}
    assert with_facts <= {type(error) for error in MADE}
