"""Names in messages exist, and commands in messages work when pasted."""

import errno
import fcntl
import shlex
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from qwave_batch.cli.drawing.text import pasted
from qwave_batch.cli.next_steps import error_words
from qwave_batch.client.proxies import proxies_from
from qwave_batch.errors import FolderError, StorageError, UsageError
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.lock import FolderLock
from qwave_batch.git.state import GitUnknown, look_at_git
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.spec.inputs.file_access import FileRefused, named_file

ODD = "a b#c"


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"ALL_PROXY": "socks5h://x:1"}, "ALL_PROXY"),
        ({"all_proxy": "socks5h://x:1"}, "all_proxy"),
        ({"https_proxy": "socks5h://x:1"}, "https_proxy"),
        ({"HTTPS_PROXY": "socks5h://x:1", "ALL_PROXY": "http://x:1"}, "HTTPS_PROXY"),
        ({"HTTPS_PROXY": "http://x:1", "HTTP_PROXY": "ftp://x:1"}, "HTTP_PROXY"),
    ],
)
def test_a_wrong_proxy_names_the_variable_that_holds_it(environ: dict[str, str], named: str) -> None:
    with pytest.raises(UsageError, match=f"^{named} is not right"):
        proxies_from(environ)


def test_a_folder_that_is_no_run_folder_names_one_that_can_be_pasted(tmp_path: Path) -> None:
    folder = tmp_path / ODD
    folder.mkdir()
    (folder / "letter.txt").touch()
    with pytest.raises(FolderError) as refused:
        RunLayout(folder).create()
    typed = shlex.split(error_words(refused.value).partition("name another folder with ")[2])
    assert typed == ["-o", str(folder / "run")]


def test_a_folder_to_allow_can_be_pasted(tmp_path: Path) -> None:
    away = tmp_path / ODD
    away.mkdir()
    (away / "spec.yaml").touch()
    home = tmp_path / "home"
    home.mkdir()
    (home / "spec.yaml").symlink_to(away / "spec.yaml")
    with pytest.raises(FileRefused) as refused:
        named_file(home / "spec.yaml")
    words = error_words(refused.value).partition("to read it anyway, use ")[2]
    assert shlex.split(words) == ["--allow-read", str(away)]


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_disk_without_locks_says_where_the_folder_must_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(code, "no")

    layout = RunLayout(tmp_path / "run")
    layout.create()
    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(StorageError, match=r"Without a lock .* on a local disk$") as refused:
        FolderLock(layout).acquire()
    assert error_words(refused.value).endswith("on a local disk; name another folder with -o DIR")


def test_a_damaged_ledger_says_what_can_be_done(tmp_path: Path) -> None:
    layout = RunLayout(tmp_path / "run")
    layout.create()
    Ledger.open(layout.workspace.ledger).close()
    with sqlite3.connect(layout.workspace.ledger) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(layout.workspace.ledger.read_bytes())
    data[5000:9000] = b"\xff" * 4000
    layout.workspace.ledger.write_bytes(data)
    with pytest.raises(StorageError, match=r"is damaged: .*manifest.jsonl lists are safe") as refused:
        Ledger.open(layout.workspace.ledger)
    assert refused.value.next_steps == (Advice(NextStep.RESTORE_LEDGER), Advice(NextStep.NAME_NEW_FOLDER))
    assert error_words(refused.value).endswith(
        "; put a copy of the ledger back from a backup of the folder, with its -wal if there is one, or name a new "
        "folder with -o DIR, where all is made and paid for anew"
    )


def test_a_work_tree_that_git_does_not_tell_of_is_no_secret(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: nowhere\n", encoding="utf-8")
    (tmp_path / "spec.yaml").touch()
    found = look_at_git(tmp_path / "spec.yaml")
    assert isinstance(found, GitUnknown)
    assert "does not lead to a git directory" in found.reason
    (tmp_path / ".git").unlink()
    assert look_at_git(tmp_path / "spec.yaml") is None


@pytest.mark.parametrize(
    "argv",
    [
        ["run", "quickstart.yaml", "--simulate"],
        ["cancel", "made", "--simulate"],
        ["refetch", "made", "--simulate"],
        ["prune", "made"],
    ],
)
def test_a_system_that_is_not_posix_gets_a_sentence(checkout: Path, tmp_path: Path, argv: list[str]) -> None:
    (tmp_path / "quickstart.yaml").write_bytes((checkout / "specs" / "quickstart.yaml").read_bytes())
    made = tmp_path / "made"
    made.mkdir()
    (made / "manifest.jsonl").touch()
    code = (
        "import sys; sys.modules['fcntl'] = None; from qwave_batch.cli.main import main; "
        "sys.exit(main(sys.argv[1:], sys.stdout, sys.stderr))"
    )
    ended = subprocess.run(
        (sys.executable, "-c", code, *argv),
        cwd=tmp_path,
        env={"PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert ended.returncode == 2, ended.stderr
    assert "this needs a POSIX system, such as Linux or macOS" in " ".join(ended.stderr.split())
    assert "Traceback" not in ended.stderr
    assert "bug" not in ended.stderr


@pytest.mark.parametrize(
    ("word", "typed"), [("runs/茶", "runs/茶"), (ODD, f"'{ODD}'"), ("$HOME", "'$HOME'"), ("", "''")]
)
def test_a_word_of_a_command_is_quoted_where_a_shell_would_read_it_otherwise(word: str, typed: str) -> None:
    assert pasted(word) == typed
    assert shlex.split(typed) == [word]
