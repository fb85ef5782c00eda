"""The models of an imported benchmark, by what a catalog knows of them."""

from collections.abc import Sequence

from qwave_batch.bench.benchmark import Benchmark, Squares
from qwave_batch.bench.spec_text import SQUARE
from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.model import Model
from qwave_batch.errors import UsageError
from qwave_batch.model.jsontypes import Json


def choose_models(catalog: Catalog, benchmark: Benchmark, named: Sequence[str]) -> tuple[str, ...]:
    """Return the models that were named, or the cheapest that does what the benchmark asks for.

    Raises:
        UnknownName: The catalog has no such model.
        UsageError: A model does not do it, or is named twice.
    """
    if not named:
        fitting = [model for model in catalog.models.values() if _fits(model, benchmark)]
        if not fitting:
            raise UsageError(f"no model of catalog {catalog.date} does what {benchmark.name} asks for")
        return (min(fitting, key=lambda model: model.estimate(_request(model, benchmark)).typical_nusd).name,)
    for name in named:
        model = catalog.model(name)
        if benchmark.action and benchmark.action not in model.actions:
            raise UsageError(
                f"{benchmark.name} asks for edits, and {name} takes no action {benchmark.action}; "
                f"it takes {', '.join(model.actions)}"
            )
    if len(set(named)) < len(named):
        raise UsageError(f"a model is named twice: {', '.join(named)}")
    return tuple(named)


def models_without_squares(catalog: Catalog, models: Sequence[str]) -> tuple[str, ...]:
    """Return the models that do not take the shape that is asked for."""
    return tuple(name for name in models if SQUARE not in catalog.model(name).ratios)


def input_image_field(catalog: Catalog) -> str:
    """Return the field of input images: the one that most models take."""
    fields = sorted(catalog.image_fields - catalog.mask_fields)
    return max(fields, key=lambda name: sum(name in model.fields for model in catalog.models.values()))


def _fits(model: Model, benchmark: Benchmark) -> bool:
    if benchmark.action and benchmark.action not in model.actions:
        return False
    if benchmark.squares is not Squares.NONE and SQUARE not in model.ratios:
        return False
    images = model.image_count(_request(model, benchmark))
    return images.least == images.most and benchmark.images % images.most == 0


def _request(model: Model, benchmark: Benchmark) -> dict[str, Json]:
    action: dict[str, Json] = {"action": benchmark.action} if benchmark.action else {}
    return {"model": model.name, **action}
