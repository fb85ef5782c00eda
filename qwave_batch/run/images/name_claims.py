"""Who owns the paths of images, counting those that are being stored at this moment."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from qwave_batch.folder.placing import ImageName, possible_paths


class NameClaims:
    """Claims names for jobs, so that no two of them that store images at once take the same path."""

    def __init__(self, owners_of: Callable[[Iterable[str]], Mapping[str, str]]) -> None:
        """Take what returns the owners on record of paths, such as ``Ledger.owners_of``; it is called in a thread."""
        self._owners_of = owners_of
        self._claimed: dict[str, str] = {}
        self._paths: defaultdict[str, list[str]] = defaultdict(list)

    async def claim(self, name: ImageName) -> dict[str, str]:
        """Claim every path that a name may lead to, and return the owners of those that have one, by path.

        The claims are the job's until ``release``.
        """
        # Claims come before the look at the ledger: a job that has released its claims is on record there by then.
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
        """Let go of a job's claims, now that the ledger knows what it has."""
        for path in self._paths.pop(job_id, ()):
            self._claimed.pop(path, None)
