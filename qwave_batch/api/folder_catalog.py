"""The catalog that a run folder was made with, found again from what the folder keeps."""

from qwave_batch import catalog_reading
from qwave_batch.api.backends import newest_catalog_of
from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.catalog_source import CatalogSource
from qwave_batch.errors import SpecError
from qwave_batch.folder.layout import RunLayout
from qwave_batch.model.next_step import RunWarning
from qwave_batch.model.problem import SourcePlace
from qwave_batch.output.kept_overlay import KeptOverlay
from qwave_batch.output.summary import read_summary


def catalog_of_folder(
    layout: RunLayout, backend: str, catalogs: CatalogSource
) -> tuple[Catalog, tuple[RunWarning, ...]]:
    """Return the catalog that a folder was made with, by its summary, with its overlay.

    Otherwise it is the newest with the folder's host, or the newest of all, with a warning that says so: it tells where
    the API is, and a folder that was made with another API is refused.
    """
    known = named_catalog(layout, catalogs)
    if known is not None:
        return known
    date = (read_summary(layout) or {}).get("catalog")
    reason = f"catalog {date} is not at hand" if isinstance(date, str) else "no summary.json names one"
    catalog, which = newest_catalog_of(backend), f"the newest of {backend}"
    if catalog is None:
        catalog, which = catalogs.at(catalogs.newest()), "the newest"
    return catalog, (RunWarning(f"{layout.root} is read with catalog {catalog.date}, {which}: {reason}"),)


def named_catalog(layout: RunLayout, catalogs: CatalogSource) -> tuple[Catalog, tuple[RunWarning, ...]] | None:
    """Return the catalog that a folder's summary names, with its overlay; None if it names none that is at hand.

    A warning says if the overlay is not there.
    """
    summary = read_summary(layout) or {}
    date = summary.get("catalog")
    if not isinstance(date, str) or date not in catalogs.dates():
        return None
    return _with_overlay(catalogs.at(date), layout, KeptOverlay.of(summary))


def _with_overlay(
    catalog: Catalog, layout: RunLayout, overlay: KeptOverlay | None
) -> tuple[Catalog, tuple[RunWarning, ...]]:
    """Return a catalog with the overlay that the folder keeps; without it, with a warning, where that is damaged."""
    if overlay is None:
        return catalog, ()
    content = overlay.content(layout)
    reason = "it is not in inputs/ as it was written"
    if content is not None:
        try:
            place = SourcePlace(str(layout.root / (overlay.path(layout) or "")))
            return catalog_reading.overlay_reading.overlaid_again(catalog, content, overlay.name, place), ()
        except SpecError as error:
            reason = str(error.problems[0].message)
    return catalog, (RunWarning(f"{layout.root} is read without its overlay {overlay.name}: {reason}"),)
