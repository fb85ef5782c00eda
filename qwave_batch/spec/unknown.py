"""What stands for a value that a mistake keeps us from knowing."""

from typing import Any, Final


class _Unknown:
    """Nothing is said of it, and what is made of it is unknown too."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final[Any] = _Unknown()
"""One mistake makes one complaint: whoever meets this says nothing, and hands it on."""
