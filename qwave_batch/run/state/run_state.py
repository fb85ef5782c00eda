"""The state that all parts of a run share: the ledger's journal, money, counters, limits and stop reasons."""

from dataclasses import dataclass

from qwave_batch.ledger.journal import Journal
from qwave_batch.model.stop_reason import ModelLeft, ModelTrouble, WaitTooLong
from qwave_batch.run.jobs.model_queue import ModelQueue
from qwave_batch.run.limits.admission import LongWait
from qwave_batch.run.limits.rate_limiter import RateLimiter
from qwave_batch.run.state.budget import MoneyBudget
from qwave_batch.run.state.connectivity import Connectivity
from qwave_batch.run.state.context import RunContext
from qwave_batch.run.state.counters import RunCounters
from qwave_batch.run.state.stop_reasons import StopReasons


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """The parts of a run that its modules share; used only in the event loop's thread."""

    context: RunContext
    journal: Journal
    budget: MoneyBudget
    counters: RunCounters
    limiter: RateLimiter
    stops: StopReasons
    connectivity: Connectivity

    def now(self) -> float:
        """Return monotonic seconds."""
        return self.context.clock.monotonic()

    def leave_model(self, model_queue: ModelQueue, trouble: ModelTrouble) -> None:
        """Leave the rest of a model to the next run, and warn about it once."""
        if model_queue.closed is None:
            model_queue.close(ModelLeft(model=model_queue.model, trouble=trouble))
            self.counters.warn(str(model_queue.closed))

    def give_up_wait(self, model_queue: ModelQueue, wait: LongWait) -> None:
        """Give up a wait that is too long: stop if it concerns the account, else leave the model to the next run."""
        reason = self.too_long(wait)
        if wait.model is None:
            self.stops.stop(reason)
        else:
            self.leave_model(model_queue, reason)

    def too_long(self, wait: LongWait) -> WaitTooLong:
        """Return why the run does not wait that long."""
        return WaitTooLong(
            limit=wait.kind,
            window=wait.window,
            said=wait.said,
            until=self.context.clock.now() + wait.wait_s,
            wait_s=wait.wait_s,
            waited_s=wait.so_far_s,
            longest_s=self.context.options.max_wait_s,
        )
