"""Warns of links with an expiring signature: with a new signature, the same request becomes another job."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from qwave_batch.model.jsontypes import Json
from qwave_batch.model.signed_links import links_in, signature_in
from qwave_batch.plan.expand.combinations import Combination, ResolvedMatrix
from qwave_batch.plan.expand.requests import RequestBuilder
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.spec.document import ValuePath

_PLAIN = (int, float, bool)


@dataclass(slots=True)
class SignedLinks:
    """The signed links of a plan, by the path of the field that has them."""

    callback_fields: frozenset[str]
    uncounted: frozenset[str] = frozenset()
    """Fields whose signatures do not count."""
    _found: dict[ValuePath, set[int]] = field(default_factory=dict)
    _marks: dict[ValuePath, str] = field(default_factory=dict)

    def observe(self, request: Mapping[str, Json], builder: RequestBuilder, combination: Combination) -> None:
        """Check a request that makes a job."""
        for name, value in request.items():
            is_plain = (
                type(value) in _PLAIN or name == "prompt" or name in self.callback_fields or name in self.uncounted
            )
            if not is_plain and any(True for _ in links_in(value)):
                self.note(value, builder.origin(name, combination))

    def note(self, value: Json, where: ValuePath) -> None:
        """Check the value of a field of a request."""
        for link in links_in(value):
            mark = signature_in(link)
            if mark is not None:
                self._marks.setdefault(where, mark)
                self._found.setdefault(where, set()).add(hash(link))

    @property
    def _passed_over(self) -> frozenset[str]:
        return self.callback_fields | self.uncounted | {"prompt"}

    def __bool__(self) -> bool:
        return bool(self._found)

    def note_axes(self, matrix: ResolvedMatrix) -> None:
        """Check the values of axes: if an axis sets only one field, not all its values appear in requests."""
        for axis in matrix.axes:
            if axis.alone and axis.is_listed:
                for value in map(axis.value, range(axis.count)):
                    for name, link in value.fields.items():
                        if name not in self.uncounted:
                            self.note(link, value.place_of(name))

    def report(self, problems: ProblemCollector) -> None:
        """Warn of each field that has such links, with their number."""
        problems.row = None
        for where, links in self._found.items():
            number = f"{len(links):,} links are" if len(links) > 1 else "1 link is"
            problems.add(
                where,
                f"{number} signed for a time ({self._marks[where]}): a link signed anew is another job, made and paid "
                "again, and the signature is written into the run folder",
                suggestion="use public addresses, links that stay, or identity: {addresses: stable} in the spec",
                warning=True,
            )
