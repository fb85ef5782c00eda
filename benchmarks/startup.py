"""How long do commands take that a person waits for, beside a bare Python and one that imports aiohttp?

All of them run in turn, round after round, and the best round of each counts, so that a busy machine disturbs all
alike. CPU is user and system time of the whole process; what is above that on the clock, the machine was busy with
others.

    python benchmarks/startup.py
"""

import resource
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 20
CHECKOUT = Path(__file__).parents[1]
SPEC = "specs/quickstart.yaml"

BARE, AIOHTTP = "python -c pass", "python -c 'import aiohttp'"
COMMANDS = {
    BARE: ("-c", "pass"),
    AIOHTTP: ("-c", "import aiohttp"),
    "python -c 'import jsonschema'": ("-c", "import jsonschema"),
    "python -c 'import qwave_batch'": ("-c", "import qwave_batch"),
    "qwave-batch --version": ("-m", "qwave_batch", "--version"),
    "qwave-batch --help": ("-m", "qwave_batch", "--help"),
    "qwave-batch run --help": ("-m", "qwave_batch", "run", "--help"),
    "qwave-batch models": ("-m", "qwave_batch", "models"),
    f"qwave-batch validate {SPEC}": ("-m", "qwave_batch", "validate", SPEC),
    f"qwave-batch plan {SPEC}": ("-m", "qwave_batch", "plan", SPEC),
}


def once(arguments: tuple[str, ...]) -> tuple[float, float]:
    """Return the seconds on the clock and of CPU that one process takes."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run((sys.executable, *arguments), cwd=CHECKOUT, check=True, capture_output=True)
    took_s, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return took_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure, and print a line for each command."""
    rounds = [{name: once(arguments) for name, arguments in COMMANDS.items()} for _ in range(ROUNDS)]
    best = {name: tuple(min(of_round[name][unit] for of_round in rounds) for unit in (0, 1)) for name in COMMANDS}
    print(f"{'command':<42}{'seconds':>9}{'CPU':>9}{'of bare':>9}{'of aiohttp':>12}")
    for name, (took_s, cpu_s) in best.items():
        of_bare, of_aiohttp = cpu_s / best[BARE][1], cpu_s / best[AIOHTTP][1]
        print(f"{name:<42}{took_s:>9.3f}{cpu_s:>9.3f}{of_bare:>8.1f}x{of_aiohttp:>12.0%}")


if __name__ == "__main__":
    main()
