"""croissant.json of an exported dataset: its files, its records and its provenance, as Croissant 1.1 has them.

The reader's library decodes all images of a record set that joins them with a table before it gives the first record.
So a split's records have the image itself only while these are few; its images alone, read one by one, are a record
set of their own.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from qwave_batch.export.author_card import AuthorCard, Creator
from qwave_batch.export.column_meanings import meaning_of
from qwave_batch.export.columns import ColumnKind, ExportColumn
from qwave_batch.export.dataset_card import dataset_title
from qwave_batch.export.dataset_facts import DatasetFacts, SplitFacts
from qwave_batch.export.origin import Origin, SourceRun
from qwave_batch.folder.spec_inputs import SpecInput
from qwave_batch.model.jsontypes import Json

CONFORMS_TO = "http://mlcommons.org/croissant/1.1"
MOST_JOINED = 1_000
"""Images of a split that are joined with its table."""
MOST_INPUTS = 1_000
"""Files that a dataset was derived from and that are named one by one."""
_TYPES: Mapping[ColumnKind, str] = {
    ColumnKind.TEXT: "sc:Text",
    ColumnKind.INTEGER: "sc:Integer",
    ColumnKind.REAL: "sc:Float",
    ColumnKind.BOOLEAN: "sc:Boolean",
    ColumnKind.TEXTS: "sc:Text",
    ColumnKind.JSON: "sc:Text",
    ColumnKind.MOMENT: "sc:DateTime",
}
_MEDIA = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp", "gif": "image/gif", "avif": "image/avif",
          "tiff": "image/tiff", "bmp": "image/bmp", "jp2": "image/jp2"}  # fmt: skip
_READ_FIRST = ("png", "jpg")
"""Endings that the library opens; it opens the files of a set by the first type of the set that it knows."""
_OWN = ("annotation", "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "excludes", "extract",
        "field", "fileObject", "fileProperty", "fileSet", "format", "includes", "isArray", "isLiveDataset", "jsonPath",
        "key", "md5", "parentField", "path", "readLines", "recordSet", "references", "regex", "repeated", "replace",
        "samplingRate", "sdVersion", "separator", "source", "subField", "transform", "unArchive", "value")  # fmt: skip
_CONTEXT: Mapping[str, Json] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "prov": "http://www.w3.org/ns/prov#",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    **{name: f"cr:{name}" for name in _OWN},
}


def is_readable(split: SplitFacts) -> bool:
    """Whether Croissant's library can open the images of a split: it knows no format beside png and jpg by itself."""
    return not split.endings.isdisjoint(_READ_FIRST)


def is_joined(split: SplitFacts) -> bool:
    """Whether the records of a split have the image itself."""
    return is_readable(split) and split.images == split.rows <= MOST_JOINED


def croissant_json(facts: DatasetFacts, origin: Origin, card: AuthorCard, inputs: Sequence[SpecInput]) -> bytes:
    """Return the content of croissant.json.

    Args:
        facts: The dataset; its splits have the hashes of their tables.
        origin: The runs that it comes from.
        card: The author's words.
        inputs: The files that the runs read.
    """
    document = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": dataset_title(origin, card),
        "description": card.description or _description(facts, origin),
        "license": card.license_link or card.license,
        **_said_by_author(card),
        **_provenance(origin, inputs),
        "distribution": [part for split in facts.splits for part in _files(split)],
        "recordSet": [part for split in facts.splits for part in _record_sets(split, facts.columns)],
    }
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "backslashreplace")


def _description(facts: DatasetFacts, origin: Origin) -> str:
    return f"{facts.images:,} images, made from {facts.made_from} by {', '.join(origin.models) or 'no model'}."


def _said_by_author(card: AuthorCard) -> dict[str, Json]:
    said: dict[str, Json] = {
        "url": card.url,
        "creator": [_agent(creator) for creator in card.creators],
        "datePublished": card.published,
        "version": card.version,
        "citeAs": card.citation,
        "keywords": list(card.tags),
        "inLanguage": list(card.language),
        **{f"rai:{name}": list(texts) if len(texts) > 1 else texts[0] for name, texts in card.rai.items()},
    }
    return {key: value for key, value in said.items() if value}


def _agent(creator: Creator) -> dict[str, Json]:
    kind = "sc:Organization" if creator.is_organization else "sc:Person"
    agent: dict[str, Json] = {"@type": kind, "name": creator.name, "url": creator.url, "email": creator.email}
    return {key: value for key, value in agent.items() if value}


def _provenance(origin: Origin, inputs: Sequence[SpecInput]) -> dict[str, Json]:
    named = inputs[:MOST_INPUTS]
    derived: list[Json] = [{"@type": "prov:Entity", "prov:label": file.name, "sha256": file.sha256} for file in named]
    if len(inputs) > len(named):
        derived.append({"@type": "prov:Entity", "prov:label": f"{len(inputs) - len(named):,} more files"})
    return {
        "rai:hasSyntheticData": True,
        **({"prov:wasDerivedFrom": derived} if derived else {}),
        "prov:wasGeneratedBy": [_activity(source, origin) for source in origin.sources],
    }


def _activity(source: SourceRun, origin: Origin) -> dict[str, Json]:
    told = source.summary
    program = {"@type": "prov:SoftwareAgent", "prov:label": "qwave-batch", "version": origin.version}
    models: list[Json] = [{"@type": "prov:SoftwareAgent", "prov:label": model} for model in origin.models]
    activity: dict[str, Json] = {
        "@type": "prov:Activity",
        "prov:label": f"image generation: {source.name or source.folder}",
        "description": _account(source),
        "prov:startedAtTime": told.get("started_at"),
        "prov:endedAtTime": told.get("ended_at"),
        "prov:used": _spec(source),
        "prov:wasAssociatedWith": [*models, {key: value for key, value in program.items() if value}],
    }
    return {key: value for key, value in activity.items() if value}


def _account(source: SourceRun) -> str:
    told = source.summary
    facts = {
        "run folder": source.folder,
        "API": source.backend,
        "catalog": told.get("catalog"),
        "SHA-256 of the spec": told.get("spec_sha256"),
        "SHA-256 of the manifest": told.get("manifest_sha256"),
    }
    return "; ".join(f"{name}: {value}" for name, value in facts.items() if value)


def _spec(source: SourceRun) -> Json:
    sha256 = source.summary.get("spec_file_sha256") or source.summary.get("spec_sha256")
    return {"@type": "prov:Entity", "prov:label": "spec.yaml", "sha256": sha256} if sha256 else None


def _files(split: SplitFacts) -> Iterator[dict[str, Json]]:
    yield {
        "@type": "cr:FileObject",
        "@id": _table_id(split),
        "name": _table_id(split),
        "description": f"The rows of the split {split.name}.",
        "contentUrl": split.table,
        "encodingFormat": "application/x-parquet",
        "sha256": split.sha256,
    }
    if split.images:
        endings = sorted(split.endings, key=lambda ending: (ending not in _READ_FIRST, ending))
        yield {
            "@type": "cr:FileSet",
            "@id": _images_id(split),
            "name": _images_id(split),
            "description": f"The images of the split {split.name}.",
            "encodingFormat": [_MEDIA.get(ending, f"image/{ending}") for ending in endings],
            "includes": [f"data/{split.name}/images/*.{ending}" for ending in endings],  # and no .xmp beside an image
        }


def _record_sets(split: SplitFacts, columns: Sequence[ExportColumn]) -> Iterator[dict[str, Json]]:
    joined = is_joined(split)
    fields = list(_fields(split, columns, is_joined=joined))
    if joined:
        fields.append(_image_field(split, split.name))
    yield {
        "@type": "cr:RecordSet",
        "@id": split.name,
        "name": split.name,
        "description": f"A record for each row of the split {split.name}.",
        "field": fields,
    }
    if split.images and is_readable(split):
        record_set = f"{split.name}-images"
        yield {
            "@type": "cr:RecordSet",
            "@id": record_set,
            "name": record_set,
            "description": f"The images of the split {split.name}, one by one.",
            "field": [_name_field(split, record_set), _image_field(split, record_set)],
        }


def _fields(split: SplitFacts, columns: Sequence[ExportColumn], *, is_joined: bool) -> Iterator[dict[str, Json]]:
    taken: set[str] = set()
    for column in columns:
        source = {"fileObject": {"@id": _table_id(split)}, "extract": {"column": column.name}}
        field_id = _field_id(column.name, taken)
        if column.name == "file_name" and is_joined:
            yield {**_name_field(split, split.name), "references": source}
            continue
        yield {
            "@type": "cr:Field",
            "@id": f"{split.name}/{field_id}",
            "name": column.name,
            "description": meaning_of(column.name),
            "dataType": _TYPES[column.kind],
            **({"isArray": True, "arrayShape": "-1"} if column.kind is ColumnKind.TEXTS else {}),
            "source": source,
        }


def _field_id(name: str, taken: set[str]) -> str:
    """Return the name as part of an identifier, which takes few characters, and no one twice."""
    base = field_id = re.sub(r"[^\w.-]", "_", name, flags=re.ASCII)
    number = 1
    while field_id in taken:
        number += 1
        field_id = f"{base}_{number}"
    taken.add(field_id)
    return field_id


def _name_field(split: SplitFacts, record_set: str) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"{record_set}/file_name",
        "name": "file_name",
        "description": meaning_of("file_name"),
        "dataType": "sc:Text",
        "source": {
            "fileSet": {"@id": _images_id(split)},
            "extract": {"fileProperty": "fullpath"},
            "transform": {"regex": "^(?:data/[^/]+/)?(.+)$"},
        },
    }


def _image_field(split: SplitFacts, record_set: str) -> dict[str, Json]:
    return {
        "@type": "cr:Field",
        "@id": f"{record_set}/image",
        "name": "image",
        "description": meaning_of("image"),
        "dataType": "sc:ImageObject",
        "source": {"fileSet": {"@id": _images_id(split)}, "extract": {"fileProperty": "content"}},
    }


def _table_id(split: SplitFacts) -> str:
    return f"table-{split.name}"


def _images_id(split: SplitFacts) -> str:
    return f"images-{split.name}"
