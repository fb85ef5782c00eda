"""Actions a user can take about an error or an end: facts for programs, which only the command line words."""

from dataclasses import dataclass
from enum import StrEnum


class NextStep(StrEnum):
    """Something to do next. The command line knows the option or the command that does it."""

    RUN_AGAIN = "run_again"
    RUN_WITHOUT_WORKERS = "run_without_workers"
    """Run again, and have the work on images done here."""
    RUN_LATER = "run_later"
    """Run again once the time has come that the message tells."""
    WAIT_LONGER = "wait_longer"
    """Let the run wait longer for the API's limits."""
    RUN_WITH_KEY = "run_with_key"
    """Run once more with the key that the open tasks were made with."""
    ADOPT = "adopt"
    """Say that no other process works on a folder that was moved or copied."""
    NAME_FOLDER = "name_folder"
    """Name another run folder; about the folder to name, or about nothing where the user has to choose it."""
    NAME_NEW_FOLDER = "name_new_folder"
    """Give up what the ledger knew: make, and pay for, everything anew in another folder."""
    GO_ON_IN_FOLDER = "go_on_in_folder"
    """Name an earlier run's folder, and go on there; about the folder."""
    BEGIN_IN_FOLDER = "begin_in_folder"
    """Name the folder that would be new, and pay for everything anew there; about the folder."""
    NAME_STORE = "name_store"
    """Name the object store apart from the run folder."""
    NAME_OTHER_STORE = "name_other_store"
    """Keep the images in another place of an object store."""
    LEAVE_STORE_OUT = "leave_store_out"
    """Name no store, so that a folder goes on with what it has itself."""
    MOVE_STORE = "move_store"
    """Say that all of a folder's artifacts were copied to another store; about that one."""
    MEND_FOLDER = "mend_folder"
    """Mend the place in the run folder that the message tells."""
    RESTORE_LEDGER = "restore_ledger"
    """Put a copy of the ledger back."""
    RAISE_BUDGET = "raise_budget"
    """Raise ``budget.max_usd`` of the spec."""
    RAISE_RUN_BUDGET = "raise_run_budget"
    """Raise the cap that was given for this run only."""
    RAISE_BOTH_BUDGETS = "raise_both_budgets"
    UNTIL_BUDGET = "until_budget"
    """Begin although the budget is too small, and go on until it is used up."""
    RETRY_FAILED = "retry_failed"
    """Create, and pay for, new images of failed jobs."""
    RESUBMIT_UNKNOWN = "resubmit_unknown"
    """Send jobs again that may be paid already."""
    REFETCH = "refetch"
    """Download images again that are paid; about the folder."""
    CHECK_BALANCE = "check_balance"
    CHECK_WEBHOOK_URL = "check_webhook_url"
    """Check the address under which the API should reach this machine."""
    NAME_WEBHOOK_URL = "name_webhook_url"
    NAME_PUBLIC_URL = "name_public_url"
    """Name the address under which the images of the run folder can be read."""
    SIMULATE = "simulate"
    """Run against the embedded simulator."""
    TRY_SIMULATOR = "try_simulator"
    """Try things out against the embedded simulator, which needs no key."""
    DO_NOT_SIMULATE = "do_not_simulate"
    NAME_API = "name_api"
    """Say where the API of the folder is; about its base URL, or about nothing where only its host is known."""
    ALLOW_READ = "allow_read"
    """Allow reading files outside the spec's folder; about the folder to allow."""
    SET_VARIABLE = "set_variable"
    """Give a value from the shell; about the variable of the spec."""
    LOCK = "lock"
    """Lock a spec as it is now; about its file."""
    WRITE_PLAN = "write_plan"
    """Write a plan file from a spec."""
    LIMIT_RUN = "limit_run"
    """Run the first part of a plan."""
    PIN_CATALOG = "pin_catalog"
    """See how a first spec names its catalog, the newest."""
    LIST_MODELS = "list_models"
    SHOW_MODEL = "show_model"
    """Look at the fields of one model."""
    VERIFY = "verify"
    """Check the folder; about the folder."""
    CHECK = "check"
    """Check the folder's images; about the folder."""
    WRITE_MANIFEST = "write_manifest"
    """Write the manifest anew from the ledger; about the folder."""
    OVERWRITE = "overwrite"
    """Replace files of a repository that others have put there."""
    REPLACE_FILES = "replace_files"
    """Replace the files that are there."""
    NAME_COLUMN = "name_column"
    """Say which column of a file it is; about our name of the column."""
    EXPORT_FEW_FILES = "export_few_files"
    """Export in a format that puts many images into one file."""
    SELECT_JOBS = "select_jobs"
    """Take some jobs only; about a condition that does."""


@dataclass(frozen=True, slots=True)
class Advice:
    """A next step, with what it is about."""

    step: NextStep
    about: str = ""
    """The folder, file or name, where the step needs one."""


@dataclass(frozen=True, slots=True)
class RunWarning:
    """Something that a run went on with, and that deserves a look; ``str`` of it is the message."""

    message: str
    """A sentence without a full stop, which names no option and no command."""
    next_steps: tuple[Advice, ...] = ()
    """Actions that a user can take."""

    def __str__(self) -> str:
        return self.message
