"""How long do commands take that a person waits for, beside a bare Python and one that imports aiohttp?

All of them run in turn, round after round, and the best round of each counts, so that a busy machine disturbs all
alike. CPU is user and system time of the process and of those that it starts (git); what is above that on the clock,
it waited for its tasks, or the machine was busy with others. Python's bytecode is in place, as it is once a package is
installed. In the end comes where the imports of a run go, by package, from ``-X importtime``.

    python benchmarks/startup.py
"""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

ROUNDS = 20
ROUNDS_OF_IMPORTS = 5
SHOWN_PACKAGES = 16
CHECKOUT = Path(__file__).parents[1]
SPEC = "specs/quickstart.yaml"

BARE, AIOHTTP = "python -c pass", "python -c 'import aiohttp'"
SIMULATED = "run, simulated: 8 jobs"


def commands(scratch: Path, base_url: str) -> dict[str, tuple[str, ...]]:
    """Return the arguments of Python by name; ``new`` and ``new-url`` are run folders that each round begins anew."""
    run = ("-m", "qwave_batch", "run", SPEC)
    return {
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
        SIMULATED: (*run, "--simulate", "-o", f"{scratch}/new"),
        "run, simulated: nothing to do": (*run, "--simulate", "-o", f"{scratch}/done"),
        "run, API elsewhere: 8 jobs": (*run, "--base-url", base_url, "-o", f"{scratch}/new-url"),
        "run, API elsewhere: nothing to do": (*run, "--base-url", base_url, "-o", f"{scratch}/done-url"),
        "status of 8 jobs": ("-m", "qwave_batch", "status", f"{scratch}/done"),
    }


def once(
    arguments: tuple[str, ...], environ: Mapping[str, str], *, stderr: int = subprocess.DEVNULL
) -> tuple[float, float, str]:
    """Return the seconds on the clock and of CPU that one process takes, and what it said."""
    if "--base-url" in arguments:
        environ = {**environ, "QWAVE_API_KEY": "any"}
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    ended = subprocess.run(
        (sys.executable, *arguments), cwd=CHECKOUT, env=environ, check=True, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr,
    )  # fmt: skip
    took_s, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return took_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, ended.stderr or ""


@contextmanager
def simulator(environ: Mapping[str, str]) -> Iterator[str]:
    """Serve the embedded API in a process of its own; yields its base URL."""
    arguments = (sys.executable, "-m", "qwave_batch", "simulator", "--port", "0", "--latency", "0.3")
    with subprocess.Popen(
        arguments, cwd=CHECKOUT, env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.send_signal(signal.SIGINT)


def import_microseconds(arguments: tuple[str, ...], scratch: Path, environ: Mapping[str, str]) -> Counter[str]:
    """Return the microseconds that the imports of a command take by package; of each module the best round counts."""
    best: dict[str, int] = {}
    for _ in range(ROUNDS_OF_IMPORTS):
        shutil.rmtree(scratch / "new", ignore_errors=True)
        _, _, said = once(("-X", "importtime", *arguments), environ, stderr=subprocess.PIPE)
        for line in said.splitlines():
            match line.removeprefix("import time:").split("|"):
                case [own, _, name] if own.strip().isdigit():
                    best[name.strip()] = min(int(own), best.get(name.strip(), int(own)))
    microseconds: Counter[str] = Counter()
    for module, own_us in best.items():
        parts = module.split(".")
        microseconds[".".join(parts[: 2 if parts[0] == "qwave_batch" else 1])] += own_us
    return microseconds


def main() -> None:
    """Measure, and print a line for each command, and for each package that takes long to import."""
    with TemporaryDirectory() as folder:
        scratch = Path(folder)
        environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environ |= {"PYTHONPYCACHEPREFIX": str(scratch / "bytecode")}
        with simulator(environ) as base_url:
            all_commands = commands(scratch, base_url)
            rounds = []
            for _ in range(ROUNDS):
                for new in ("new", "new-url"):
                    shutil.rmtree(scratch / new, ignore_errors=True)
                rounds.append({name: once(arguments, environ)[:2] for name, arguments in all_commands.items()})
            imports = import_microseconds(all_commands[SIMULATED], scratch, environ)
    best = {name: tuple(min(of_round[name][unit] for of_round in rounds) for unit in (0, 1)) for name in all_commands}
    print(f"{'command':<44}{'seconds':>9}{'CPU':>9}{'of bare':>9}{'of aiohttp':>12}")
    for name, (took_s, cpu_s) in best.items():
        of_bare, of_aiohttp = cpu_s / best[BARE][1], cpu_s / best[AIOHTTP][1]
        print(f"{name:<44}{took_s:>9.3f}{cpu_s:>9.3f}{of_bare:>8.1f}x{of_aiohttp:>12.0%}")
    print(f"\nimports of '{SIMULATED}', in milliseconds: {sum(imports.values()) / 1000:.0f}")
    for package, own_us in imports.most_common(SHOWN_PACKAGES):
        print(f"  {package:<42}{own_us / 1000:>9.1f}")


if __name__ == "__main__":
    main()
