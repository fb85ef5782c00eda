"""Claims of image names by jobs that are being stored at this moment."""

from collections import defaultdict

from qwave_batch.folder.placing import ImageName, possible_names


class NameClaims:
    """Claims names for jobs, so that no two of them that store images at once take the same path.

    A job claims its names before their owners are looked up in the ledger, and releases them once the ledger has its
    files: every other job sees either the claim or the record.
    """

    def __init__(self) -> None:
        self._claimed: dict[str, str] = {}
        self._names: defaultdict[str, list[str]] = defaultdict(list)

    def claim(self, name: ImageName) -> dict[str, str]:
        """Claim every possible path of a name, without endings, and return those that other jobs have claimed.

        The claims are the job's until ``release``.
        """
        others: dict[str, str] = {}
        for possible in possible_names(name):
            claimant = self._claimed.setdefault(possible, name.job_id)
            if claimant != name.job_id:
                others[possible] = claimant
            else:
                self._names[name.job_id].append(possible)
        return others

    def release(self, job_id: str) -> None:
        """Release a job's claims, once the ledger has its files."""
        for possible in self._names.pop(job_id, ()):
            self._claimed.pop(possible, None)
