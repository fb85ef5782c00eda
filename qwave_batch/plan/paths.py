"""The name of each job's images in the run folder, and the check that no two jobs share one."""

import re
from collections.abc import Iterator, Mapping

from qwave_batch.model.job import Job
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.paths import path_key, safe_path
from qwave_batch.plan.faults import Faults
from qwave_batch.spec.templates import Value

_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
UNIQUE_BY_ITSELF = re.compile(r"\{\{\s*job_id\s*\}\}")


def check_template(raw: str, faults: Faults) -> None:
    """Note an ``output.path`` that would leave the run folder, or has a folder without a name."""
    parts = _TAG.sub("x", raw).split("/")
    where = ("output", "path")
    if any(part.strip() in {".", ".."} for part in parts) or "\\" in raw:
        faults.add(where, "output.path must stay in the run folder", value=raw, suggestion="leave out .. and \\")
    elif not all(part.strip() for part in parts):
        faults.add(where, "output.path has a folder without a name", value=raw, suggestion="names between slashes")


class OutputPath:
    """Renders ``output.path`` for a job."""

    def __init__(self, template: Value | None, fields: frozenset[str]) -> None:
        """Take the compiled template, None with a mistake, and all request fields, which are empty when not sent."""
        self._template = template
        self._empty = dict.fromkeys(fields, "")

    def render(self, scope: Mapping[str, Json], request: Mapping[str, Json], job_id: str) -> str:
        """Return the path, with ``/`` between folders and no extension.

        Raises:
            TemplateFault: The template fails for this job.
        """
        if self._template is None:
            return job_id
        text = self._template.render({**self._empty, **request, **scope, "job_id": job_id})
        return safe_path(*str(text).split("/"))


class PathClashes:
    """Remembers the names that jobs take; two that differ in case only are the same on some disks."""

    def __init__(self, raw_template: str) -> None:
        """Decide from the template whether names can clash at all: one with the job's id can't."""
        self._is_needed = not UNIQUE_BY_ITSELF.search(raw_template)
        self._taken: dict[str, int] = {}

    def claim(self, job: Job) -> int | None:
        """Take the job's names; return the index of the job that has one already, or None."""
        if not self._is_needed or job.skip:
            return None
        names = list(_names(job))
        for name in names:
            if name in self._taken:
                return self._taken[name]
        self._taken.update(dict.fromkeys(names, job.index))
        return None


def _names(job: Job) -> Iterator[str]:
    folded = path_key(job.path)
    if job.max_images == 1:
        yield folded
    else:
        yield from (f"{folded}_{number}" for number in range(1, job.max_images + 1))
