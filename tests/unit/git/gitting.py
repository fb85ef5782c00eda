"""Repositories to try things with."""

import os
import subprocess
from pathlib import Path

SPEC = """\
version: 1
name: birds
catalog: "2026-05"
request: {resolution: 1K, seed: 7, model: z-image-turbo}
prompts:
  - {from: tables/birds.tsv, text: "A {{ row.bird }}", id: "{{ row.bird }}"}
"""
BIRDS = "bird\nheron\nowl\n"
_OWN = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


def git(folder: Path, *arguments: str, given: str | None = None) -> str:
    """Return the output of git, without the settings of the user who runs the tests."""
    done = subprocess.run(
        ("git", "-C", str(folder), "-c", "protocol.file.allow=always", *arguments),
        env={**os.environ, **_OWN}, input=given, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip()


def commit(folder: Path, message: str = "x") -> str:
    """Commit all that is there and return the commit."""
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", message)
    return git(folder, "rev-parse", "HEAD")


def make_repository(top: Path, *options: str) -> Path:
    """Make a repository with a spec that reads a table, everything committed, and return the spec."""
    tables = top / "specs" / "tables"
    tables.mkdir(parents=True)
    git(top, "init", "-q", "-b", "main", *options)
    spec = top / "specs" / "birds.yaml"
    spec.write_text(SPEC, encoding="utf-8")
    (tables / "birds.tsv").write_text(BIRDS, encoding="utf-8")
    commit(top)
    return spec


def age(top: Path) -> None:
    """Give every file another time than git has in its index, so that it has to look at the content."""
    for file in top.rglob("*"):
        if file.is_file() and ".git" not in file.relative_to(top).parts:
            os.utime(file, (10**9, 10**9))
