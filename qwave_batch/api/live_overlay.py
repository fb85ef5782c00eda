"""Writes what an account is offered today as an overlay, which a spec can use at once."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from qwave_batch.api.account_queries import LiveModelList
from qwave_batch.catalog.live_offers import Offer, OfferState, overlay_content
from qwave_batch.errors import UsageError
from qwave_batch.files.regular_files import NotRegular, open_regular, read_regular, system_reason
from qwave_batch.files.tree import Tree
from qwave_batch.folder.storage import storage_errors, write_atomic
from qwave_batch.model.jsontypes import Json, JsonObject

WRITTEN_BY = "qwave-batch, from what the API offers"
_SEAL = f"# written by {WRITTEN_BY}; sha256 of the lines below: "
_MOST_BYTES = 2_000_000


def write_live_overlay(live: LiveModelList, file: str | Path, *, now: float) -> None:
    """Write an overlay that makes the catalog say what the account is offered.

    An overlay that was written like this before, and was not changed since, is replaced.

    Args:
        live: The offers of the account.
        file: The overlay's file.
        now: Unix seconds, for the day on which the API said so.

    Raises:
        UsageError: The file is there already, and is not an unchanged overlay of this program.
        StorageError: The disk refuses.
    """
    path = Path(file)
    _check_may_replace(path)
    text = live_overlay_text(live, datetime.fromtimestamp(now, UTC).date().isoformat())
    with storage_errors(path):
        write_atomic(Tree(path.parent), path.name, text.encode())


def live_overlay_text(live: LiveModelList, as_of: str) -> str:
    """Return the text of the overlay; ``as_of`` is the day on which the API said so."""
    content = overlay_content(live.catalog_used, live.offers, as_of=as_of, written_by=WRITTEN_BY)
    body = "\n".join([*_lines({**content, "host": live.host}), *_remarks(live.offers)]) + "\n"
    return f"{_SEAL}{hashlib.sha256(body.encode()).hexdigest()}\n{body}"


def _lines(content: JsonObject) -> Iterator[str]:
    models = content["models"]
    yield from (f"{key}: {json.dumps(value)}" for key, value in content.items() if key != "models")
    if not isinstance(models, dict) or not models:
        yield "models: {}"
        return
    yield "models:"
    for name, entry in models.items():
        yield f"  {json.dumps(name)}:"
        yield from (f"    {key}: {json.dumps(_plain(value))}" for key, value in entry.items())


def _plain(value: Json) -> Json:
    return dict(value) if isinstance(value, dict) else value


def _remarks(offers: tuple[Offer, ...]) -> Iterator[str]:
    """Yield comments on the models that an overlay can't say by itself: people add them by hand."""
    for offer in offers:
        name, stated = json.dumps(offer.model), json.dumps(dict(offer.stated or {}))
        if offer.standing is OfferState.NEW:
            price = "".join(f", {key}: {json.dumps(value)}" for key, value in offer.entry.items())
            yield f"# not in the catalog; its fields are not known here: {name} {stated}"
            yield f"#   {name}: {{like: MODEL{price}}}"
        elif offer.standing is OfferState.UNREAD:
            yield f"# the price is not understood, so the catalog's counts: {name} {stated}"


def _check_may_replace(path: Path) -> None:
    """Raise UsageError for a file that somebody may miss."""
    if not path.parent.is_dir():
        raise UsageError(f"{path.parent} is not a folder; name a file in one that is there")
    try:
        with open_regular(path) as opened:
            data = read_regular(opened, shown_as=str(path), most_bytes=_MOST_BYTES)
    except FileNotFoundError:
        return
    except NotRegular as error:
        raise UsageError(f"{error}; name another file") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {system_reason(error)}") from error
    head, _, body = data.partition(b"\n")
    if not head.startswith(_SEAL.encode()):
        raise UsageError(f"{path} is there already, and is not an overlay that this command wrote; name another file")
    if head != _SEAL.encode() + hashlib.sha256(body).hexdigest().encode():
        raise UsageError(f"{path} was changed since it was written, and nothing of that is lost; name another file")
