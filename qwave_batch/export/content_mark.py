"""A mark of a dataset's content in the head of its README.md.

Hugging Face's library caches a local folder by what its README.md says of a configuration, and not by the files: when
these change and that does not, it silently shows what was there before.
"""

import hashlib
from collections.abc import Iterable


def content_mark(parts: Iterable[str]) -> str:
    """Return the description of a configuration, which changes with its content.

    Args:
        parts: Texts that change with the content, such as hashes of files.
    """
    told = "\n".join(parts)
    return f"content {hashlib.sha256(told.encode()).hexdigest()}"
