"""A look at the place before anything is sent: whether images can be stored in it, and whether all of them."""

from qwave_batch.folder.probing import Place
from qwave_batch.run.agenda import Agenda
from qwave_batch.run.context import RunContext

_MB = 1_000_000


def look_at_place(context: RunContext, agenda: Agenda) -> list[str]:
    """Return what is to be noted about the folder's file system. It blocks.

    Raises:
        StorageError: images can't be stored there.
    """
    place = Place(context.layout)
    notes = [place.try_out(), _words_of_room(context, agenda)]
    for folder in sorted(agenda.folders):
        # a run that buys before it stumbles over one of these would buy another job each time
        place.try_folder(folder)
    return [note for note in notes if note is not None]


def _words_of_room(context: RunContext, agenda: Agenda) -> str | None:
    """Return a note when the disk has less room than the images that are to come take by those that came."""
    usual_bytes = context.ledger.usual_image_bytes()
    needed_bytes = agenda.images_to_come * usual_bytes
    try:
        free_bytes = context.layout.tree.free_bytes()
    except OSError:  # a file system that does not tell
        return None
    if needed_bytes <= free_bytes:
        return None
    return (
        f"the disk of {context.layout.root} has {free_bytes // _MB:,} MB left, and the {agenda.images_to_come:,} "
        f"images that are to come would take {needed_bytes // _MB:,} MB by the size of those that came"
    )
