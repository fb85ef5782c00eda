"""One model of a catalog: its valid requests and their price."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from qwave_batch.catalog.image_count import ImageCount, ImageRule, image_count
from qwave_batch.catalog.keywords import ANNOTATIONS, FITTING
from qwave_batch.catalog.normalisation import Spelling, WholeNumbers
from qwave_batch.catalog.price import Price
from qwave_batch.catalog.request_fields import choices_of
from qwave_batch.catalog.request_validator import request_validator
from qwave_batch.catalog.task_chain import TaskChain
from qwave_batch.catalog.violation import Violation
from qwave_batch.catalog.violation_messages import ViolationMessages
from qwave_batch.fitting.schema_checks import Check
from qwave_batch.fitting.schema_reading import fitting
from qwave_batch.model.cost_range import CostRange
from qwave_batch.model.jsontypes import Json, JsonObject

if TYPE_CHECKING:
    from jsonschema.protocols import Validator


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """A model. Its validator is built when the first request is checked."""

    name: str
    vendor: str
    """The name of the vendor's schema file; data, never a reason for a special case in code."""
    title: str
    schema: JsonObject
    """The model's own complete JSON Schema 2020-12."""
    fields: Mapping[str, JsonObject]
    """Each request field with its schema."""
    content_fields: frozenset[str]
    """Fields that a request cannot lose without asking for something else."""
    spelling: Spelling
    messages: ViolationMessages
    image_rules: tuple[ImageRule, ...]
    price: Price
    returns: str
    """The file format of the images if no output_format decides: ``jpeg``, ``png`` or ``webp``."""
    native_resolution: str | None = None
    """The tier of the images if the model takes no resolution and the documents name one."""
    line: str | None = None
    """The way in which the vendor sells it, if there are several: ``official``, ``economy`` or ``reverse``."""
    launched: str | None = None
    """The day of its launch, if the documents name it."""
    chain: TaskChain | None = None
    """The rules for requests that go on from an earlier task; None if the model has no such requests."""
    overlay: str = ""
    """The name of the overlay that changed or added it; empty for a model as its catalog has it."""

    def __repr__(self) -> str:
        """Return a summary on one line."""
        return f"Model({self.name}: {self.title}, {len(self.fields):,} fields, {self.price})"

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions, the default first."""
        return self._choices("action")

    @property
    def ratios(self) -> tuple[str, ...]:
        """The aspect ratios, in the catalog's order."""
        return self._choices("aspect_ratio")

    @property
    def resolutions(self) -> tuple[str, ...]:
        """The resolution tiers in the model's own spelling; empty when the field is not taken."""
        return self._choices("resolution")

    @property
    def takes_seed(self) -> bool:
        """Whether a request may set a seed."""
        return "seed" in self.fields

    @property
    def required(self) -> tuple[str, ...]:
        """The fields that every request needs, whatever its action."""
        match self.schema.get("required"):
            case [*names]:
                return tuple(map(str, names))
            case _:
                return ()

    @cached_property
    def defaults(self) -> Mapping[str, Json]:
        """The documented default of each field that a request leaves out."""
        return {name: field["default"] for name, field in self.fields.items() if "default" in field}

    @cached_property
    def whole_numbers(self) -> WholeNumbers:
        """Converts the model's integers to integers, however they were written."""
        return WholeNumbers(self.fields)

    @cached_property
    def validator(self) -> "Validator":
        """The reference validator: it decides whether a request is valid, and lists the failed checks."""
        return request_validator(self.schema)

    @cached_property
    def fits(self) -> Check | None:
        """Gives the same verdict as the reference faster; None where only the reference can decide."""
        return fitting(self.schema, FITTING, ANNOTATIONS)

    def normalise(self, request: JsonObject) -> dict[str, Json]:
        """Return the request in the model's own spelling. Nothing else changes, no default is added."""
        return self.whole_numbers.even(self.spelling.normalise(request))

    def violations(self, request: JsonObject) -> tuple[Violation, ...]:
        """Return the violations of a normalised request, in the order of the model's fields."""
        if self.fits is not None and self.fits(request):
            return ()
        return self.messages.violations(request, self.validator.iter_errors(request))

    def max_images(self, request: JsonObject) -> int:
        """Return the most images that the request may return."""
        return self.image_count(request).most

    def image_count(self, request: JsonObject) -> ImageCount:
        """Return the fewest and the most images that the request may return."""
        return image_count(self.image_rules, request)

    @cached_property
    def refuses_by_name(self) -> bool:
        """Whether each field of a request that is not among its own is refused for its name alone, and no other is."""
        rules = {key: value for key, value in self.schema.items() if key != "properties"}
        return rules.pop("additionalProperties", True) is False and not _speaks_of_others(rules)

    @cached_property
    def count_fields(self) -> tuple[str, ...]:
        """The request fields that say how many images to make."""
        sources = (rule.source for rule in self.image_rules if not rule.values)
        return tuple(dict.fromkeys(name for name in sources if name in self.fields))

    def asking(self, request: JsonObject, images: int) -> dict[str, Json] | None:
        """Return a request for exactly so many images: the same, or with their number in a field; None if neither is.

        A request that makes so many by itself is left as it is, so that it asks for the same in fewer words.
        """
        exactly = ImageCount(images, images)
        numbered = ({**request, name: images} for name in self.count_fields)
        return next((asked for asked in (dict(request), *numbered) if self.image_count(asked) == exactly), None)

    def estimate(self, request: JsonObject) -> CostRange:
        """Return the least, the typical and the most that the request costs; excludes surcharges of unknown amount."""
        return self.price.estimate(request, self.image_count(request))

    def estimate_nusd(self, request: JsonObject) -> int:
        """Return the most that the request should cost, in nano-dollars; excludes surcharges of unknown amount."""
        return self.estimate(request).most_nusd

    def cost_nusd(self, request: JsonObject, images: int) -> int:
        """Return the catalog's price of the request with so many returned images, in nano-dollars; at most, if open."""
        return self.price.cost(request, images).most_nusd

    def cost(self, request: JsonObject, images: int) -> CostRange:
        """Return what the request costs with so many returned images."""
        return self.price.cost(request, images)

    def image_format(self, request: JsonObject) -> str:
        """Return the file format that the request's images should have."""
        asked = request.get("output_format", self.defaults.get("output_format"))
        return asked if isinstance(asked, str) else self.returns

    def _choices(self, field: str) -> tuple[str, ...]:
        return tuple(map(str, choices_of(self.fields.get(field, {}))))


def _speaks_of_others(rules: Json) -> bool:
    """Whether rules may refuse a field for not being named in them."""
    if isinstance(rules, Mapping):
        return "additionalProperties" in rules or any(map(_speaks_of_others, rules.values()))
    return isinstance(rules, list | tuple) and any(map(_speaks_of_others, rules))
