"""The commands of Ray that docs/scale.md shows are there, with the options that they are given."""

import importlib
import re
import shlex
from pathlib import Path
from typing import Any

BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
RAY = re.compile(r"(?:^|\s)ray ((?:start|up|attach|stop|status)\b.*)")


def test_rays_commands_take_the_options_that_they_are_given(checkout: Path) -> None:
    page = (checkout / "docs" / "scale.md").read_text(encoding="utf-8")
    lines = [line for script in BLOCK.findall(page) for line in script.replace("\\\n", " ").splitlines()]
    shown = [found[1] for line in lines if (found := RAY.search(line))]
    assert len(shown) >= 4
    ray: Any = importlib.import_module("ray.scripts.scripts").cli
    for command in shown:
        name, *words = shlex.split(command.rstrip(" &"))
        options = {option for each in ray.commands[name].params for option in each.opts}
        assert {word.partition("=")[0] for word in words if word.startswith("-")} <= options, command
