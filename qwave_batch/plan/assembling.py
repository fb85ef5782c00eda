"""Puts one entry together the long way: the whole request built, judged as a whole, its mistakes noted."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.model import Model
from qwave_batch.catalog.violation import Violation
from qwave_batch.errors import UnknownName
from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.combinations import Combination
from qwave_batch.plan.faults import Faults
from qwave_batch.plan.judging import Judgement, Misfits, judge
from qwave_batch.plan.rendering import Scope
from qwave_batch.plan.requests import RequestBuilder
from qwave_batch.plan.signedlinks import SignedLinks, links_in
from qwave_batch.spec.document import Path, Unsupported
from qwave_batch.spec.unknown import UNKNOWN

_PLAIN = (int, float, bool)


@dataclass(frozen=True, slots=True)
class Assembled:
    """A request that makes a job, or a skipped one."""

    request: dict[str, Json]
    """As rendered."""
    judgement: Judgement
    model: Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembler:
    """Builds and judges the requests of a spec."""

    catalog: Catalog
    unsupported: Unsupported
    content: frozenset[str]
    """Fields that are never dropped."""
    faults: Faults
    links: SignedLinks
    """Takes note of links that are signed for a time."""

    def assemble(
        self, builder: RequestBuilder, combination: Combination, scope: Scope, repeat: int
    ) -> Assembled | None:
        """Return the request of a cell with its judgement; None when it makes no job, which is noted.

        Raises:
            TemplateFault: A template fails on this cell.
        """
        request = builder.build(combination, scope, repeat)
        model = self._model(request, builder, combination)
        if model is None:
            return None
        if any(value is UNKNOWN for value in request.values()):
            self._refuse(_certain(request, model), builder, combination)
            return None
        judgement = judge(request, model, self.unsupported, self.content)
        if isinstance(judgement, Misfits) and self.unsupported is Unsupported.ERROR:
            self._refuse(judgement.violations, builder, combination)
            return None
        self._note_links(request, builder, combination)
        return Assembled(request, judgement, model)

    def _note_links(self, request: Mapping[str, Json], builder: RequestBuilder, combination: Combination) -> None:
        for name, value in request.items():
            is_plain = type(value) in _PLAIN or name == "prompt" or name in self.catalog.callback_fields
            if not is_plain and any(True for _ in links_in(value)):
                self.links.note(value, builder.origin(name, combination))

    def _model(self, request: Mapping[str, Json], builder: RequestBuilder, combination: Combination) -> Model | None:
        name = request.get("model")
        where = builder.origin("model", combination)
        if name is UNKNOWN:
            return None
        if name is None:
            self.faults.add(where, "no model is named", suggestion="set model under request, or as an axis")
            return None
        try:
            return self.catalog.model(name if isinstance(name, str) else str(name))
        except UnknownName as unknown:
            self._note_unknown(unknown, where)
            return None

    def _note_unknown(self, unknown: UnknownName, where: Path) -> None:
        gone = self.catalog.gone.get(unknown.name)
        self.faults.add(
            where,
            f'the model "{unknown.name}" is {gone}' if gone else f'unknown model "{unknown.name}"',
            value=unknown.name,
            allowed=unknown.known,
            suggestion=f'did you mean "{unknown.suggestion}"?' if unknown.suggestion else None,
        )

    def _refuse(self, violations: Iterable[Violation], builder: RequestBuilder, combination: Combination) -> None:
        if self.unsupported is not Unsupported.ERROR:
            return
        for found in violations:
            self.faults.add(
                builder.origin(found.field or "model", combination),
                found.message,
                value=found.value,
                allowed=found.allowed,
                suggestion=found.suggestion,
            )


def _certain(request: Mapping[str, Json], model: Model) -> Iterator[Violation]:
    """Yield the violations of a request that what is unknown in it can't have caused."""
    known = {name: value for name, value in request.items() if value is not UNKNOWN}
    for found in model.violations(model.normalise(known)):
        if found.kind in {"unknown_field", "bad_value"} and request.get(found.field) is not UNKNOWN:
            yield found
