"""The embedded task API: as strict as the real one, with faults on request."""

from qwave_batch.simulator.behaviour import Behaviour
from qwave_batch.simulator.dialect import Dialect, Settings
from qwave_batch.simulator.embedded_api import Simulator
from qwave_batch.simulator.fault_language import parse_faults
from qwave_batch.simulator.latency import parse_latency
from qwave_batch.simulator.server import serve, serve_forever
from qwave_batch.simulator.simulated_limits import RateLimits

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
