"""Where a run folder keeps a copy of each file that its spec reads: told by the name that the spec has for it."""

import hashlib
from pathlib import PurePosixPath

from qwave_batch.model.paths import component

INPUTS = "inputs"
ELSEWHERE = f"{INPUTS}/elsewhere"


def kept_at(name: str) -> str:
    """Return the path, from the run folder, of the copy of a file.

    A file below the spec's folder keeps its path. One that is named otherwise, by ``..`` or from the root, is kept by
    its own name and a hash of all of it, so that two of one name do not meet.

    Args:
        name: As it is written in the spec; for what a base names, from the spec's folder.
    """
    path = PurePosixPath(name)
    if not path.is_absolute() and ".." not in path.parts:
        return f"{INPUTS}/{path}"
    digest = hashlib.sha256(str(path).encode("utf-8", "surrogateescape")).hexdigest()[:8]
    kept, ending = component(path.name), "".join(path.suffixes[-2:])
    if not kept.endswith(ending):  # it was cut, and tells how the file is read
        kept += component(ending)
    return f"{ELSEWHERE}/{digest}/{kept}"
