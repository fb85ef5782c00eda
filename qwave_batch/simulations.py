"""The embedded API on a loopback port, for programs that talk to it as to a real one."""

from qwave_batch.api.simulation import serve_simulator

__all__ = ["serve_simulator"]
