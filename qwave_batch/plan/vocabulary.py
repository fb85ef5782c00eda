"""What a name in a spec means: a request field, or a variable of the author's own."""

from collections.abc import Iterable
from dataclasses import dataclass

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.errors import nearest

FIELD_PREFIX = "request."
VARIABLE_PREFIX = "vars."
BUILT_IN = frozenset({"prompt", "repeat", "row", "row_number", "vars", "request", "job_id"})
"""Names that templates get from the planner; nobody else may set them."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name of an axis or of an include's key, read."""

    text: str
    """The bare name, as templates and manifests use it."""
    is_field: bool
    """Whether it sets the request field of that name; otherwise it is a variable."""
    is_explicit: bool
    """Whether the author wrote which of the two is meant."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The request fields of a catalog, as the meaning of bare names depends on them."""

    fields: frozenset[str]
    partial: frozenset[str]
    """Fields that only some of the models take."""

    def read(self, written: str) -> Name:
        """Return what a written name means."""
        if written.startswith(FIELD_PREFIX):
            return Name(written.removeprefix(FIELD_PREFIX), is_field=True, is_explicit=True)
        if written.startswith(VARIABLE_PREFIX):
            return Name(written.removeprefix(VARIABLE_PREFIX), is_field=False, is_explicit=True)
        return Name(written, is_field=written in self.fields, is_explicit=False)

    def guess(self, name: str, more: Iterable[str] = ()) -> str | None:
        """Return the field, or one of ``more``, that a mistyped name was probably meant to be."""
        return nearest(name, (*more, *sorted(self.fields)))


def vocabulary_of(catalog: Catalog) -> Vocabulary:
    """Return the vocabulary of a catalog: every field of any of its models, callback fields included."""
    fields = catalog.fields | catalog.callback_fields
    partial = frozenset(name for name in fields if any(name not in model.fields for model in catalog.models.values()))
    return Vocabulary(fields, partial)
