"""The limits of single models: each names a model that there is."""

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.errors import UnknownName
from qwave_batch.plan.faults import Faults
from qwave_batch.spec.document import Spec


def check_limits(spec: Spec, catalog: Catalog, faults: Faults) -> None:
    """Note limits of models that are not in the catalog: they would hold nobody back."""
    for name in spec.terms.limits.models:
        try:
            catalog.model(name)
        except UnknownName as unknown:
            gone = catalog.gone.get(name)
            faults.add_key(
                ("limits", "models", name),
                f'the model "{name}" is {gone}' if gone else f'unknown model "{name}"',
                suggestion=f'did you mean "{unknown.suggestion}"?' if unknown.suggestion else None,
            )
