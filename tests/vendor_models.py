"""The models of a vendor's schema file, read without a catalog."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from qwave_batch.catalog.catalog_files import model_schema
from qwave_batch.catalog.keywords import ANNOTATIONS, FITTING
from qwave_batch.catalog.request_validator import request_validator
from qwave_batch.catalog.violation import Violation
from qwave_batch.catalog.violation_messages import ViolationMessages
from qwave_batch.fitting.schema_reading import fitting
from qwave_batch.resources import shipped


@dataclass(frozen=True)
class VendorModel:
    """One model: its schema, and what that says of a request."""

    name: str
    schema: dict[str, Any]

    @property
    def fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = self.schema["properties"]
        return fields

    @property
    def defaults(self) -> dict[str, Any]:
        return {name: field["default"] for name, field in self.fields.items() if "default" in field}

    def violations(self, **fields: object) -> tuple[Violation, ...]:
        """Return what is wrong with a request that has a prompt."""
        return self.judged({"model": self.name, "prompt": "A fox", **fields})

    def judged(self, request: dict[str, Any]) -> tuple[Violation, ...]:
        """Return what is wrong with a whole request; both evaluators are asked, and have to agree."""
        fits = fitting(self.schema, FITTING, ANNOTATIONS)
        assert fits is not None, "every check is one that the fast evaluator knows"
        messages = ViolationMessages(model=self.name, schema=self.schema, known_fields=frozenset(self.fields))
        found = messages.violations(request, request_validator(self.schema).iter_errors(request))
        assert fits(request) == (found == ())
        return found


@cache
def vendor_models(date: str, vendor: str) -> dict[str, VendorModel]:
    """Return the models of a vendor in the order of its file."""
    file = shipped("schemas") / date / f"{vendor}.schema.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    names = [part["$ref"].removeprefix("#/$defs/") for part in document["oneOf"]]
    return {name: VendorModel(name, model_schema(document, name)) for name in names}
