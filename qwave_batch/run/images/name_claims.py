"""Owners of image paths, including images that are being stored at this moment."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from qwave_batch.folder.placing import ImageName, possible_paths


class NameClaims:
    """Claims names for jobs, so that no two of them that store images at once take the same path."""

    def __init__(self, owners_of: Callable[[Iterable[str]], Mapping[str, str]]) -> None:
        """Take a function, called in a thread, that returns the recorded owners of paths (``Ledger.owners_of``)."""
        self._owners_of = owners_of
        self._claimed: dict[str, str] = {}
        self._paths: defaultdict[str, list[str]] = defaultdict(list)

    async def claim(self, name: ImageName) -> dict[str, str]:
        """Claim every possible path of a name, and return the owners of those that have one, by path.

        The claims are the job's until ``release``.
        """
        # Claims come before the look-up in the ledger: a job that has released its claims is recorded there by then.
        owners: dict[str, str] = {}
        free: list[str] = []
        for path in possible_paths(name):
            claimant = self._claimed.get(path)
            if claimant is None:
                self._claimed[path] = name.job_id
                self._paths[name.job_id].append(path)
            if claimant in {None, name.job_id}:
                free.append(path)
            else:
                owners[path] = claimant
        return {**owners, **await asyncio.to_thread(self._owners_of, free)}

    def release(self, job_id: str) -> None:
        """Release a job's claims, once the ledger has its files."""
        for path in self._paths.pop(job_id, ()):
            self._claimed.pop(path, None)
