"""The embedded task API: as strict as the real one, and as nasty as it is asked to be."""

from qwave_batch.simulator.behaviour import Behaviour
from qwave_batch.simulator.faults import parse_faults
from qwave_batch.simulator.latency import parse_latency
from qwave_batch.simulator.limits import RateLimits
from qwave_batch.simulator.server import serve, serve_forever
from qwave_batch.simulator.settings import Settings
from qwave_batch.simulator.simulator import Simulator
from qwave_batch.simulator.wire import Dialect

__all__ = [
    "Behaviour",
    "Dialect",
    "RateLimits",
    "Settings",
    "Simulator",
    "parse_faults",
    "parse_latency",
    "serve",
    "serve_forever",
]
