"""The YAML file of a scorer that is a command of its own environment."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.problem import Problem
from qwave_batch.scoring.score_lines import outputs_from_json
from qwave_batch.scoring.scorer import Level, Need, Output
from qwave_batch.spec.checked_yaml import read_checked_yaml
from qwave_batch.spec.yaml.source_map import SourceMap

SECRET_NAMES = frozenset({"QWAVE_API_KEY", "WAVE_API_KEY", "WAVEAPI_API_KEY"})
"""Variables that no command is given."""
_TIMEOUT_S = 600.0
_RESTARTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandFile:
    """A command that scores, as its file describes it."""

    path: Path
    name: str
    version: str
    level: Level
    needs: frozenset[Need]
    outputs: Mapping[str, Output]
    batch: int
    command: tuple[str, ...]
    """The program and its arguments; it is started in the file's folder."""
    env: tuple[str, ...]
    """Names of variables that it is given beside the few that every program needs."""
    timeout_s: float
    """How long it may take to give the next answer."""
    restarts: int
    """How often in a row it is started again after it has ended by itself or was ended for its silence."""
    params: JsonObject


def read_command_file(path: Path, params: Mapping[str, str]) -> CommandFile:
    """Return the command that a file describes.

    Args:
        path: The file.
        params: Parameters of the command line: they take the place of those in the file.

    Raises:
        SpecError: the file has mistakes; all of them are listed.
        UsageError: it can't be read.
    """
    value, _ = read_checked_yaml(
        path, "scorer.schema.json", of="scorer", most="a scorer's file is a page", check=_further_problems
    )
    said: dict[str, Any] = dict(value) if isinstance(value, Mapping) else {}
    return CommandFile(
        path=path,
        name=said["name"],
        version=said["version"],
        level=Level(said.get("level", Level.IMAGE)),
        needs=frozenset(map(Need, said.get("needs", ()))),
        outputs=outputs_from_json(said["outputs"]),
        batch=said.get("batch", 1),
        command=tuple(said["command"]),
        env=tuple(said.get("env", ())),
        timeout_s=float(said.get("timeout", _TIMEOUT_S)),
        restarts=said.get("restarts", _RESTARTS),
        params={**said.get("params", {}), **params},
    )


def _further_problems(value: Json, places: SourceMap, refused: frozenset[str]) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        return
    outputs, env = value.get("outputs"), value.get("env")
    if isinstance(outputs, Mapping) and not any(path.startswith("outputs") for path in refused):
        for name, output in outputs.items():
            try:
                outputs_from_json({name: output})
            except (ValueError, TypeError) as error:
                yield Problem(message=str(error), path=f"outputs.{name}", place=places.place(("outputs", str(name))))
    for index, name in enumerate(env if isinstance(env, list | tuple) else ()):
        if name in SECRET_NAMES:
            yield Problem(
                message=f"{name} is a key of the account, which no scorer is given",
                path=f"env[{index}]",
                place=places.place(("env", index)),
            )
