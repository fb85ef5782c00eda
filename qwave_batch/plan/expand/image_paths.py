"""The path of each job's images in the run folder, and the check that no two jobs share one."""

import re
from collections.abc import Iterable, Iterator, Mapping

from qwave_batch.model.jsontypes import Json
from qwave_batch.model.portable_paths import is_plain_path, path_key, safe_path
from qwave_batch.plan.expand.cells import CellScope
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.spec.template.templates import TemplateValue

_OPENING = re.compile(r"\{\{|\{%")
_SURE = r"\{\{\s*(?:job_id|model|prompt\.id|repeat)\s*\}\}"
_JOB_ID = re.compile(r"\{\{\s*job_id\s*\}\}")
_SURE_NAMES = re.compile(rf"(?:[\w./-]|{_SURE})*")
"""Path templates of names that every job has, including the job's id: paths are unique, and none fails."""


def is_sure(raw: str) -> bool:
    """Whether a path cannot fail and cannot be shared by two jobs."""
    return _SURE_NAMES.fullmatch(raw) is not None and _JOB_ID.search(raw) is not None


def _without_tags(raw: str) -> str:
    """Return a template with ``x`` in place of each tag."""
    kept: list[str] = []
    done = 0
    while opening := _OPENING.search(raw, done):
        closing = "}}" if opening[0] == "{{" else "%}"
        end = raw.find(closing, opening.end())
        if end == -1:
            break
        kept += raw[done : opening.start()], "x"
        done = end + len(closing)
    return "".join(kept) + raw[done:]


def check_template(raw: str, problems: ProblemCollector) -> None:
    """Report an ``output.path`` that would leave the run folder, or has a folder without a name."""
    parts = _without_tags(raw).split("/")
    where = ("output", "path")
    if any(part.strip() in {".", ".."} for part in parts) or "\\" in raw:
        problems.add(where, "output.path must stay in the run folder", value=raw, suggestion="leave out .. and \\")
    elif not all(part.strip() for part in parts):
        problems.add(where, "output.path has a folder without a name", value=raw, suggestion="names between slashes")


class OutputPath:
    """Renders ``output.path`` for a job."""

    def __init__(self, template: TemplateValue | None, fields: frozenset[str]) -> None:
        """Take the compiled template, None with a mistake, and all request fields, which are empty when not sent."""
        self._template = template
        self._fields = fields.intersection(template.names) if template else frozenset()
        raw = template.raw if template else ""
        self._names = template.names if template else frozenset()
        self._asked = self._names - {"job_id"}
        self.is_safe = isinstance(raw, str) and is_sure(raw)
        """Whether it cannot fail or give one path to two jobs: its names exist for every job and include the id."""

    def lacking(self, names: Iterable[str]) -> str:
        """Return how to tell apart two jobs with the same path, by the names that the path lacks."""
        tags = [f"{{{{ {name} }}}}" for name in names if name not in self._names]
        return f"write {', '.join(tags)} or {{{{ job_id }}}} into it" if tags else "write {{ job_id }} into it"

    def render(self, scope: CellScope, request: Mapping[str, Json], job_id: str) -> str:
        """Return the path, with ``/`` between folders and no extension.

        Raises:
            TemplateFault: The template fails for this job.
        """
        if self._template is None:
            return job_id
        names = scope.some(self._asked)
        for name in self._fields:
            if names.get(name) is None:  # null, from an axis that leaves a field out
                names[name] = request.get(name, "")
        names["job_id"] = job_id
        path = str(self._template.render(names))
        return path if is_plain_path(path) else safe_path(*path.split("/"))


class PathClashes:
    """Remembers the paths that jobs take; two that differ only in case are the same on some disks."""

    def __init__(self) -> None:
        self._taken: dict[int, int] = {}

    def claim(self, path: str, max_images: int, index: int) -> int | None:
        """Claim the names of a job's images; return the index of the job that has one of them already, or None."""
        key = path_key(path)
        names = [hash(name) for name in (("path", key), *_names(key, max_images))]
        other = next((self._taken[name] for name in names if name in self._taken), None)
        if other is None:
            self._taken.update(dict.fromkeys(names, index))
        return other


def _names(path: str, max_images: int) -> Iterator[str]:
    if max_images == 1:
        yield path
    else:
        yield from (f"{path}_{number}" for number in range(1, max_images + 1))
