"""The models of a vendor, as tests ask them: both ways to judge a request are asked, and have to agree."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.catalog.model import Model
from qwave_batch.catalog.violation import Violation
from qwave_batch.model.jsontypes import Json, JsonObject


@dataclass(frozen=True)
class VendorModel:
    """One model of a catalog."""

    model: Model

    @property
    def name(self) -> str:
        return self.model.name

    @property
    def fields(self) -> Mapping[str, JsonObject]:
        return self.model.fields

    @property
    def defaults(self) -> Mapping[str, Json]:
        return self.model.defaults

    def violations(self, **fields: Any) -> tuple[Violation, ...]:
        """Return what is wrong with a request that has a prompt."""
        return self.judged({"model": self.name, "prompt": "A fox", **fields})

    def judged(self, request: dict[str, Any]) -> tuple[Violation, ...]:
        """Return what is wrong with a whole request; the fast check and the reference have to agree."""
        found = self.model.messages.violations(request, self.model.validator.iter_errors(request))
        assert self.model.fits is not None, "every check is one that the fast evaluator knows"
        assert self.model.fits(request) == (found == ())
        return found


def vendor_models(date: str, vendor: str) -> dict[str, VendorModel]:
    """Return the models of a vendor in the order of its catalog."""
    return {name: VendorModel(model) for name, model in open_catalog(date).models.items() if model.vendor == vendor}
