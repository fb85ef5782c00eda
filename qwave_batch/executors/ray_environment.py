"""The part of the environment that Ray's processes get: no key of an API, for a judge or for the Hub."""

import os
import re
import secrets
import sys
from collections.abc import Mapping

_KEPT = re.compile(
    r"PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TZ|TMPDIR|LD_LIBRARY_PATH|DYLD_LIBRARY_PATH|VIRTUAL_ENV|CONDA_PREFIX"
    r"|PYTHON\w+|SSL_CERT_\w+|(?:https?|no|all)_proxy"
    r"|(?:OMP|MKL|OPENBLAS|NUMEXPR|MALLOC|CUDA|NVIDIA|HIP|ROCR|TORCH|TRANSFORMERS|HF|XDG|KUBERNETES|SLURM)_\w+",
    re.IGNORECASE,
)
"""Names of what programs need to run, to find their libraries, models and processors, and to reach the network."""
_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASS|CREDENTIAL", re.IGNORECASE)
_RAY = re.compile(r"RAY_\w+")
_STORE = re.compile(r"(?:AWS|GOOGLE|AZURE)_(?!\w*(?:API_KEY|BEARER|OPENAI|GENAI|GEMINI))\w+")
"""Names of what object stores need; models of the same firms, which may judge, have keys of their own."""


def ray_environment(environ: Mapping[str, str], *, is_own: bool, uses_store: bool) -> dict[str, str]:
    """Return the environment of the process that speaks to Ray, and of a Ray that it starts.

    Args:
        environ: The environment of this process.
        is_own: Whether it starts a Ray, which nobody else may use.
        uses_store: Whether workers write to an object store, with the credentials that the environment names.
    """
    kept = {name: value for name, value in environ.items() if _is_kept(name, uses_store=uses_store)}
    kept["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    kept["RAY_USAGE_STATS_ENABLED"] = "0"
    if is_own:
        kept.pop("RAY_ADDRESS", None)
        kept |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    return kept


def _is_kept(name: str, *, uses_store: bool) -> bool:
    if _RAY.fullmatch(name) or (uses_store and _STORE.fullmatch(name)):
        return True
    return _KEPT.fullmatch(name) is not None and _SECRET.search(name) is None
