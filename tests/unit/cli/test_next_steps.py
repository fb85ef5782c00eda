"""Every next step has words, and what lower packages report is shown with them."""

from qwave_batch.cli.next_steps import error_words, step_words, warning_words, worded
from qwave_batch.errors import BudgetError, FolderError
from qwave_batch.model.next_step import Advice, NextStep, RunWarning
from qwave_batch.model.problem import Problem
from tests.every_case import in_one_test


@in_one_test("step", NextStep)
def test_every_step_has_words(step: NextStep) -> None:
    words = step_words(Advice(step, "runs/x"))
    assert words
    assert "{" not in words


def test_a_folder_is_one_word_of_a_command() -> None:
    assert step_words(Advice(NextStep.VERIFY, "my runs")) == "qwave-batch verify 'my runs' says more"


def test_a_folder_that_the_user_chooses_is_named_as_in_the_usage() -> None:
    assert step_words(Advice(NextStep.NAME_FOLDER)) == "name another folder with -o DIR"
    assert step_words(Advice(NextStep.NAME_FOLDER, "my runs")) == "name another folder with -o 'my runs'"


def test_an_error_says_what_can_be_done_as_alternatives() -> None:
    error = BudgetError("nothing was sent", next_steps=(NextStep.RAISE_BUDGET, NextStep.UNTIL_BUDGET))
    assert str(error) == "nothing was sent"
    assert error_words(error) == (
        "nothing was sent; raise budget.max_usd, or go on until it is used up with --until-budget"
    )


def test_an_error_without_a_step_is_said_as_it_is() -> None:
    assert error_words(FolderError("there is no such folder")) == "there is no such folder"


def test_a_warning_says_what_can_be_done() -> None:
    warning = RunWarning("1 job can't be taken", (Advice(NextStep.REFETCH, "runs/a"),))
    assert warning_words(warning) == (
        "1 job can't be taken; qwave-batch refetch runs/a downloads what is paid, for nothing"
    )


def test_a_problem_keeps_its_suggestion_beside_its_step() -> None:
    problem = Problem(
        message="m", suggestion="write {{ colour }}", next_step=Advice(NextStep.SET_VARIABLE, "vars.colour=$COLOUR")
    )
    assert worded(problem).suggestion == 'write {{ colour }}; give the value with --set "vars.colour=$COLOUR"'
    assert worded(replaced := worded(problem)) is replaced
