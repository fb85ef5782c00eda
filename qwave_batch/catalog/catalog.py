"""A catalog: all facts about the API and its models as of one date."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from qwave_batch.catalog.catalog_changes import CatalogChanges
from qwave_batch.catalog.catalog_data import CatalogData
from qwave_batch.catalog.image_fields import image_fields_of, longest_text, takes_text
from qwave_batch.catalog.model import Model
from qwave_batch.catalog.overlay import Overlay
from qwave_batch.errors import UnknownName
from qwave_batch.model.cost_range import CostRange
from qwave_batch.model.job import Job
from qwave_batch.model.money import QuotaUnit
from qwave_batch.model.next_step import Advice, NextStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Successor:
    """The replacement of a retired model."""

    use: str
    """A model's name, or the end of a sentence such as ``a model of another vendor``."""
    since: str | None = None
    """The date of its retirement, if known."""

    def __str__(self) -> str:
        return f"{f'gone since {self.since}' if self.since else 'gone'}: use {self.use}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Catalog:
    """The models of one date."""

    date: str
    base_url: str
    quota: QuotaUnit
    """The unit in which the API counts money: holds and charges of tasks."""
    idempotency_hours: float | None
    """How long the API keeps an Idempotency-Key; None if it keeps none."""
    result_lifetime_hours: tuple[float, float]
    """The shortest and the longest time that a finished image stays available at the API."""
    models: Mapping[str, Model]
    """In the catalog's order."""
    gone: Mapping[str, Successor]
    """Names of older catalogs."""
    changes: CatalogChanges
    """All that is written otherwise than in an older catalog."""
    callback_fields: frozenset[str]
    mask_fields: frozenset[str]
    """The fields whose image is a mask; it names an area of the input images, and is not one of them."""
    data: CatalogData
    """The content of its files, for an overlay to be laid over."""
    overlay: Overlay | None = None
    """The overlay that was laid over it."""

    def __repr__(self) -> str:
        """Return a summary on one line."""
        return f"Catalog({self.date}: {len(self.models):,} models, {self.base_url})"

    @cached_property
    def fields(self) -> frozenset[str]:
        """Every request field of any model, callback fields apart."""
        return frozenset().union(*(model.fields for model in self.models.values())) - self.callback_fields

    @cached_property
    def image_fields(self) -> frozenset[str]:
        """The fields that hold images with any of the models."""
        return image_fields_of(self.models.values(), self.callback_fields)

    @cached_property
    def task_fields(self) -> frozenset[str]:
        """The fields that hold the id of an earlier task with any of the models."""
        return frozenset(model.chain.task_field for model in self.models.values() if model.chain is not None)

    @cached_property
    def reference_fields(self) -> frozenset[str]:
        """The fields in which references can stand for what other jobs make: images and tasks."""
        return self.image_fields | self.task_fields

    @cached_property
    def content_fields(self) -> frozenset[str]:
        """The fields that carry content for any of the models: a request without one would ask for something else."""
        return frozenset().union(*(model.content_fields for model in self.models.values()))

    def job_cost(self, job: Job, images: int) -> CostRange:
        """Return the price of so many images of a job.

        A job that left the plan may use a model that this catalog lacks: then its estimate is returned.
        """
        model = self.models.get(job.model)
        return CostRange.exactly(job.estimated_nusd) if model is None else model.cost(job.request, images)

    def job_least_images(self, job: Job) -> int:
        """Return the fewest images that a job's request brings when it succeeds; 1 if the catalog lacks its model."""
        model = self.models.get(job.model)
        return 1 if model is None else model.image_count(job.request).least

    def unpriced(self, job: Job) -> tuple[str, ...]:
        """Return notes on costs of a job that come on top of its estimate, of an amount that nobody states."""
        model = self.models.get(job.model)
        return () if model is None or job.skip is not None else model.price.unpriced(job.request)

    def job_image_format(self, job: Job) -> str | None:
        """Return the file format that a job's images should have; None if the catalog lacks its model."""
        model = self.models.get(job.model)
        return None if model is None else model.image_format(job.request)

    def job_takes_text(self, job: Job, field: str, start: str, length: int) -> bool:
        """Whether a job's model takes a text in a field that begins so and has so many characters.

        Args:
            job: The job.
            field: A field of its request, one that holds images.
            start: The beginning of the text, which fits the schema if the whole text does.
            length: The number of characters of the whole text.
        """
        model = self.models.get(job.model)
        if model is None or not takes_text(model, field, start):
            return False
        longest = longest_text(model, field)
        return longest is None or length <= longest

    def successor(self, name: str) -> Model | None:
        """Return the model that replaces a retired one; None if the name is not retired, or no single model does."""
        gone = self.gone.get(name)
        return None if gone is None else self.models.get(gone.use)

    def model(self, name: str) -> Model:
        """Return a model by its name.

        Raises:
            UnknownName: The catalog has no such model; the message names a similar one or the replacement.
        """
        if name in self.models:
            return self.models[name]
        if name in self.gone:
            raise UnknownName("model", name, (), hint=str(self.gone[name]))
        raise UnknownName("model", name, self.models, next_steps=(Advice(NextStep.LIST_MODELS, str(len(self.models))),))
