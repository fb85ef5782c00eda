"""What goes wrong where: counts the requests of each place and asks the behaviour about every one."""

from collections import Counter

from qwave_batch.simulator.behaviour import Behaviour
from qwave_batch.simulator.faults import Fault, Moment, Place


class Misfortune:
    """The faults of one server process. Where nothing can go wrong, nothing is counted."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._arrivals: Counter[Place] = Counter()
        self._attempts: Counter[tuple[Place, str]] = Counter()

    def striking(self, place: Place, key: str, model: str = "") -> tuple[Fault, ...]:
        """Count a request and return the faults that strike it."""
        if not self._behaviour.has_faults(place):
            return ()
        self._arrivals[place] += 1
        self._attempts[place, key] += 1
        return self._behaviour.striking(
            Moment(
                place=place,
                key=key,
                attempt=self._attempts[place, key],
                arrival=self._arrivals[place],
                model=model,
            )
        )
