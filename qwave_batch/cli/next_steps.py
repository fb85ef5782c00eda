"""Words next steps: the only place that names the option or command for each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from qwave_batch.cli.drawing.text import pasted
from qwave_batch.errors import QwaveError
from qwave_batch.model.next_step import Advice, NextStep, RunWarning
from qwave_batch.model.problem import Problem

_WORDS: Mapping[NextStep, str] = {
    NextStep.RUN_AGAIN: "run it again",
    NextStep.RUN_WITHOUT_WORKERS: "leave out --executor to do the work here",
    NextStep.RUN_LATER: "run it again after that time",
    NextStep.WAIT_LONGER: "wait longer with --max-wait",
    NextStep.RUN_WITH_KEY: "run once more with that key, so that what was paid is collected",
    NextStep.ADOPT: "if no other process works on it, go on with --adopt",
    NextStep.NAME_FOLDER: "name another folder with -o {about}",
    NextStep.NAME_NEW_FOLDER: "name a new folder with -o DIR, where all is made and paid for anew",
    NextStep.GO_ON_IN_FOLDER: "-o {about} goes on",
    NextStep.BEGIN_IN_FOLDER: "-o {about} begins anew",
    NextStep.NAME_STORE: "name it with --store URL",
    NextStep.NAME_OTHER_STORE: "keep this run in another place with --store URL",
    NextStep.LEAVE_STORE_OUT: "leave out --store and output.store",
    NextStep.MOVE_STORE: "if all of it was copied to {about}, go on there with --adopt",
    NextStep.MEND_FOLDER: "mend that place",
    NextStep.RESTORE_LEDGER: "put a copy of the ledger back from a backup of the folder, with its -wal if there is one",
    NextStep.RAISE_BUDGET: "raise budget.max_usd",
    NextStep.RAISE_RUN_BUDGET: "raise --max-usd",
    NextStep.RAISE_BOTH_BUDGETS: "raise budget.max_usd and --max-usd",
    NextStep.UNTIL_BUDGET: "go on until it is used up with --until-budget",
    NextStep.RETRY_FAILED: "use --retry-failed to create (and pay for) new images",
    NextStep.RUN_PARENTS: "run it without --only and --limit, or with such that take those, too",
    NextStep.RETRY_PARENTS: "use --retry-failed without --only and --limit to create (and pay for) those, too",
    NextStep.RESUBMIT_UNKNOWN: "use --resubmit-unknown to send it again, which may pay for it twice",
    NextStep.REFETCH: "qwave-batch refetch {about} downloads what is paid, for nothing",
    NextStep.CHECK_BALANCE: "compare the balance before and after the run: qwave-batch balance",
    NextStep.CHECK_WEBHOOK_URL: "check --webhook-url",
    NextStep.NAME_WEBHOOK_URL: "name it with --webhook-url URL",
    NextStep.NAME_PUBLIC_URL: "if a store serves the run folder, name its address with --public-url URL",
    NextStep.SIMULATE: "use --simulate",
    NextStep.TRY_SIMULATOR: "to try things without one, run with --simulate",
    NextStep.DO_NOT_SIMULATE: "leave out --simulate",
    NextStep.NAME_API: "name its API with --base-url {about}",
    NextStep.ALLOW_READ: "to read it anyway, use --allow-read {about}",
    NextStep.SET_VARIABLE: 'give the value with --set "{about}"',
    NextStep.LOCK: "qwave-batch lock {about} writes down what it is now",
    NextStep.WRITE_PLAN: "write one with plan --out",
    NextStep.LIMIT_RUN: "to run a part of a plan, use run --limit",
    NextStep.PIN_CATALOG: "qwave-batch init writes it too",
    NextStep.LIST_MODELS: "qwave-batch models lists all {about}",
    NextStep.SHOW_MODEL: "qwave-batch models MODEL lists the fields of one",
    NextStep.VERIFY: "qwave-batch verify {about} says more",
    NextStep.CHECK: "qwave-batch check {about} checks it",
    NextStep.SCORE: (
        "have it scored, then run it again: qwave-batch score {about} --with {of}, or with the YAML file of a command"
    ),
    NextStep.CHECK_THEN_RUN: "check it, then run it again: qwave-batch check {about}",
    NextStep.IMPORT_PICKS: (
        "pick in the page of qwave-batch report {about}, bring in what it exports with qwave-batch votes {about} FILE, "
        "then run it again"
    ),
    NextStep.WRITE_MANIFEST: "qwave-batch status {about} writes it from the ledger",
    NextStep.OVERWRITE: "keep what you need of it (words of a card belong into --card FILE) and go on with --overwrite",
    NextStep.SELECT_JOBS: 'choose with --where "{about}"',
    NextStep.REPLACE_FILES: "replace it with --overwrite",
    NextStep.NAME_COLUMN: "say which one it is with --column {about}=NAME",
    NextStep.EXPORT_FEW_FILES: (
        "export --to parquet or webdataset puts many images into one file, which the Hub's own tools upload"
    ),
}
_PASTED = frozenset(
    {
        NextStep.NAME_FOLDER,
        NextStep.GO_ON_IN_FOLDER,
        NextStep.BEGIN_IN_FOLDER,
        NextStep.REFETCH,
        NextStep.ALLOW_READ,
        NextStep.LOCK,
        NextStep.VERIFY,
        NextStep.CHECK,
        NextStep.CHECK_THEN_RUN,
        NextStep.IMPORT_PICKS,
        NextStep.SCORE,
        NextStep.WRITE_MANIFEST,
    }
)
"""Steps about a path, which a shell must take as one argument."""
_ANY_FOLDER = "DIR"
"""The usage lines' word for a folder that the user has to choose."""
_ANY_ADDRESS = "URL"


def step_words(advice: Advice) -> str:
    """Return a next step in words, as a clause without a full stop."""
    about = advice.about
    if advice.step in _PASTED:
        about = pasted(about) if about else _ANY_FOLDER
    elif advice.step is NextStep.NAME_API:
        about = about or _ANY_ADDRESS
    return _WORDS[advice.step].replace("{about}", about).replace("{of}", advice.of)


def _with_advice(message: str, next_steps: Sequence[Advice]) -> str:
    """Return a message with next steps as alternatives."""
    if not next_steps:
        return message
    return f"{message}{' ' if message.endswith('?') else '; '}{', or '.join(map(step_words, next_steps))}"


def error_words(error: QwaveError) -> str:
    """Return an error with what can be done about it."""
    return _with_advice(str(error), error.next_steps)


def warning_words(warning: RunWarning) -> str:
    """Return a warning with what can be done about it."""
    return _with_advice(warning.message, warning.next_steps)


def worded(problem: Problem) -> Problem:
    """Return a problem whose suggestion says its next step too."""
    if problem.next_step is None:
        return problem
    words = step_words(problem.next_step)
    suggestion = f"{problem.suggestion}; {words}" if problem.suggestion else words
    return replace(problem, suggestion=suggestion, next_step=None)
