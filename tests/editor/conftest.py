"""A real language server for YAML, as editors run it."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.editor.languageserver import LanguageServer

SERVER = "yaml-language-server@1.25.0"
INSTALL_S = 100


@pytest.fixture(scope="session")
def language_server_command(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command of the server, installed once and kept in pytest's own cache."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        pytest.skip("no npm here to install the language server with")
    cache = getattr(pytestconfig, "cache", None)  # not there with -p no:cacheprovider
    home = (cache.mkdir("language-server") if cache else tmp_path_factory.mktemp("language-server")) / SERVER
    program = home / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
    if not program.exists():
        # where several workers install at once, the first to be done wins
        own = home.with_name(f"{SERVER}-{os.getpid()}")
        own.mkdir(exist_ok=True)
        install = [
            npm,
            "install",
            "--prefix",
            str(own),
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--fetch-retries=0",
            SERVER,
        ]
        try:
            subprocess.run(install, check=True, capture_output=True, timeout=INSTALL_S)
            own.rename(home)
        except (subprocess.SubprocessError, OSError):
            if not program.exists():
                pytest.skip(f"npm could not install {SERVER}; is its registry out of reach?")
        finally:
            shutil.rmtree(own, ignore_errors=True)
    return [node, str(program), "--stdio"]


@pytest.fixture(scope="session")
def editor(language_server_command: list[str], checkout: Path) -> Iterator[LanguageServer]:
    """An editor that has this checkout open."""
    server = LanguageServer(language_server_command, checkout)
    yield server
    server.close()
