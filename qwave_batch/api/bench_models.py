"""The models of an imported benchmark, by what a catalog knows of them."""

from collections.abc import Sequence

from qwave_batch.bench.benchmark import Benchmark, Squares
from qwave_batch.bench.spec_text import SQUARE
from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.image_fields import takes_text
from qwave_batch.catalog.model import Model
from qwave_batch.errors import UsageError
from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.expand.request_images import STAND_IN


def choose_models(catalog: Catalog, benchmark: Benchmark, named: Sequence[str]) -> tuple[str, ...]:
    """Return the models that were named, or the cheapest that does what the benchmark asks for.

    Raises:
        UnknownName: The catalog has no such model.
        UsageError: A model does not do it, or is named twice.
    """
    if not named:
        fitting = [model for model in catalog.models.values() if _fits(model, benchmark, catalog)]
        if not fitting:
            raise UsageError(f"no model of catalog {catalog.date} does what {benchmark.name} asks for")
        cheapest = min(fitting, key=lambda model: model.estimate(_request(model, benchmark, catalog)).typical_nusd)
        return (cheapest.name,)
    for name in named:
        refusal = _refusal(catalog.model(name), benchmark, catalog)
        if refusal is not None:
            raise UsageError(f"{name} does not do what {benchmark.name} asks for: {refusal}")
    if len(set(named)) < len(named):
        raise UsageError(f"a model is named twice: {', '.join(named)}")
    return tuple(named)


def models_without_shapes(catalog: Catalog, models: Sequence[str]) -> tuple[str, ...]:
    """Return the models that no shape can be asked of."""
    return tuple(name for name in models if not catalog.model(name).ratios)


def input_image_field(catalog: Catalog) -> str:
    """Return the field of input images: the one that most models take."""
    fields = sorted(catalog.image_fields - catalog.mask_fields)
    return max(fields, key=lambda name: sum(name in model.fields for model in catalog.models.values()))


def _fits(model: Model, benchmark: Benchmark, catalog: Catalog) -> bool:
    """Whether a model makes exactly the images that the scorer reads."""
    if benchmark.squares is not Squares.NONE and SQUARE not in model.ratios:
        return False
    images = model.image_count(_request(model, benchmark, catalog))
    is_exact = images.least == images.most and benchmark.images % images.most == 0
    return is_exact and _refusal(model, benchmark, catalog) is None


def _refusal(model: Model, benchmark: Benchmark, catalog: Catalog) -> str | None:
    """Return why a model does not take the benchmark's requests, whatever is left out of them."""
    field = input_image_field(catalog)
    if benchmark.action in model.actions and not takes_text(model, field, STAND_IN["png"]):
        return f"it takes only addresses in {field}, and the benchmark's images are files"
    violations = model.violations(model.normalise(_request(model, benchmark, catalog)))
    return violations[0].message if violations else None


def _request(model: Model, benchmark: Benchmark, catalog: Catalog) -> dict[str, Json]:
    """Return a request with all that cannot be left out; a file is sent as a data URI."""
    request: dict[str, Json] = {"model": model.name, "prompt": benchmark.title}
    if benchmark.action:
        request |= {"action": benchmark.action, input_image_field(catalog): [STAND_IN["png"]]}
    return request
