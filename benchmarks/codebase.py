"""How hard is the code base to learn?

It counts what a newcomer has to hold in mind: files and lines by package, files of 30 lines or fewer (an idea in
pieces; an ``__init__`` is not counted as one) and over 300 (several ideas in one), names that stand for two things
(module files, classes and public functions at the top of a module), and public names.

It also counts the modules that one 429 crosses, by watching a real one. A run of three jobs, driven by its command
line, sends its first submit to the embedded API, which answers 429 with a Retry-After; a profile function sees every
call and return in every thread of the run. A module counts

- as ``holds`` when one of its functions has the client's ``Throttled`` as an argument, a local variable or a return
  value: the value passes through it; a class of that name is all that this relies on,
- as ``reacts`` when one of its functions runs in this run and not in the same run without the 429: the wait, its
  episode, its event and what is drawn of it. Both runs are made several times, and a function counts only when all
  runs with the 429 and none without it ran it, so that neither chance nor the machine's pace adds one.

Nobody needs to say which functions belong to the way of a 429, so a count before a change of the layout and one after
it are the same measure. Packages of effects and of sentences (``api`` and above) are listed, but the total that
counts is that of the packages below them.

The total falls in two parts. A reader who wants to know what becomes of a 429 has to open the modules that hold it:
each sees all of it and may decide something about it. One that only reacts is handed a plain value that was made of it
(a wait, a time, a count, a sentence for the end of the run), and is understood without knowing that there was a 429. So
the first part is the way that has to be followed, and the second is what lies beside it or comes after it.

    python benchmarks/codebase.py
    python benchmarks/codebase.py --json
    python benchmarks/codebase.py --static
"""

import argparse
import ast
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from statistics import median
from types import FrameType, ModuleType

CHECKOUT = Path(__file__).parents[1]
PACKAGE = "qwave_batch"
ROOT = CHECKOUT / PACKAGE

SHORT_LINES, LONG_LINES = 30, 300
ROUNDS = 3
"""Runs with the 429, and as many without it."""
LAYERS_OF_PEOPLE = ("__main__", "api", "cli")
"""Packages that put the run together and word its events."""
COMMANDS, COMMAND_FUNCTIONS = "cli.commands", frozenset({"configure", "execute"})
"""Each command's module has these two functions: that is a command's interface, so they are not counted as repeated."""
THROTTLED_FAULT = "submit.http429=@1:1"
SPEC = """\
version: 1
name: one-429
catalog: "2026-05"
completion: poll
prompts: [A teahouse]
request: {model: z-image-turbo}
matrix: {seed: [1, 2, 3]}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file of the package."""

    module: str
    """Dotted, below the package: ``run.engine``, ``run`` for its ``__init__``; empty for the package's own."""
    is_init: bool
    lines: int
    tree: ast.Module

    @property
    def package(self) -> str:
        """The package that the file lies in, dotted; empty at the top."""
        return self.module if self.is_init else self.module.rpartition(".")[0]

    @property
    def stem(self) -> str:
        """The file's name without its ending."""
        return "__init__" if self.is_init else self.module.rpartition(".")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Files of one package, without those of its sub-packages."""

    files: int
    lines: int
    short: int
    """Files of 30 lines or fewer, beside ``__init__``."""
    long: int
    """Files over 300 lines."""
    median: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """Modules that one 429 crosses, dotted below the package."""

    holds: Sequence[str]
    reacts: Sequence[str]

    @property
    def modules(self) -> Sequence[str]:
        """All of them."""
        return sorted({*self.holds, *self.reacts})

    @property
    def below_api(self) -> Sequence[str]:
        """Those that decide and act, without the layers that put a run together and word it."""
        return below_api(self.modules)

    @property
    def only_reacts(self) -> Sequence[str]:
        """Those that never see the 429 itself."""
        return [module for module in self.modules if module not in self.holds]


def below_api(modules: Sequence[str]) -> list[str]:
    """Return those modules that lie below ``api``."""
    return [module for module in modules if module.split(".")[0] not in LAYERS_OF_PEOPLE]


def sources() -> list[Source]:
    """Read every file of the package."""
    return [source_of(file) for file in sorted(ROOT.rglob("*.py"))]


def source_of(file: Path) -> Source:
    """Read one file."""
    text = file.read_text(encoding="utf-8")
    parts = file.relative_to(ROOT).with_suffix("").parts
    is_init = parts[-1] == "__init__"
    module = ".".join(parts[:-1] if is_init else parts)
    return Source(module=module, is_init=is_init, lines=len(text.splitlines()), tree=ast.parse(text))


def size_of(files: Sequence[Source]) -> Size:
    """Count files and their lines."""
    lines = [file.lines for file in files]
    return Size(
        files=len(files),
        lines=sum(lines),
        short=sum(1 for file in files if file.lines <= SHORT_LINES and not file.is_init),
        long=sum(1 for count in lines if count > LONG_LINES),
        median=median(lines),
    )


def sizes_by_package(files: Sequence[Source]) -> dict[str, Size]:
    """Return the size of every package and sub-package, each without the packages in it."""
    grouped: defaultdict[str, list[Source]] = defaultdict(list)
    for file in files:
        grouped[file.package].append(file)
    return {package: size_of(grouped[package]) for package in sorted(grouped)}


def repeated(pairs: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the names that stand in two places or more, from pairs of a name and its place."""
    places: defaultdict[str, set[str]] = defaultdict(set)
    for name, place in pairs:
        places[name].add(place)
    return {name: sorted(found) for name, found in sorted(places.items()) if len(found) > 1}


def file_names(files: Sequence[Source]) -> dict[str, list[str]]:
    """Return the file names that occur in two packages or more, with those packages."""
    return repeated((file.stem, file.package) for file in files if not file.is_init)


def class_names(files: Sequence[Source]) -> dict[str, list[str]]:
    """Return the classes that are defined in two modules or more, private ones too."""
    return repeated((name, file.module) for file in files for name in defined(file, ast.ClassDef))


def function_names(files: Sequence[Source]) -> dict[str, list[str]]:
    """Return the public functions that are defined in two modules or more, without the interface of commands."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return repeated(
        (name, file.module)
        for file in files
        for name in defined(file, *kinds)
        if not name.startswith("_") and not (file.package == COMMANDS and name in COMMAND_FUNCTIONS)
    )


def defined(file: Source, *kinds: type[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]) -> Iterator[str]:
    """Yield the names that a module defines at its top."""
    for node in file.tree.body:
        if isinstance(node, kinds):
            yield node.name


def public_names(files: Sequence[Source]) -> dict[str, int]:
    """Return how many names the package, and each module directly in it, lists in its ``__all__``, modules left out."""
    names = {PACKAGE: PACKAGE} | {
        file.module: f"{PACKAGE}.{file.module}"
        for file in files
        if file.module and "." not in file.module and file.module != "__main__"
    }
    listed = {name: names_of(import_module(module)) for name, module in names.items()}
    return {name: count for name, count in listed.items() if count}


def names_of(module: ModuleType) -> int:
    """Return how many names a module lists that are not modules themselves."""
    return sum(1 for name in getattr(module, "__all__", ()) if not isinstance(getattr(module, name), ModuleType))


def watched(command: Sequence[str], report: Path) -> int:
    """Run a command line in this process and write which functions ran, and which modules held a 429.

    Returns:
        The exit status of the command.
    """
    ran: set[tuple[str, str]] = set()
    holders: set[str] = set()
    prefix = f"{PACKAGE}."
    skipped = ("<module>", "<lambda>", "<genexpr>", "<listcomp>", "<dictcomp>", "<setcomp>")

    def note(frame: FrameType, event: str, value: object) -> None:
        module = frame.f_globals.get("__name__", "")
        if event not in {"call", "return"} or not isinstance(module, str) or not module.startswith(prefix):
            return
        name = frame.f_code.co_qualname
        if event == "call" and not name.endswith(skipped):
            ran.add((module.removeprefix(prefix), name))
        if event == "return" and any(is_throttled(held) for held in (value, *frame.f_locals.values())):
            holders.add(module.removeprefix(prefix))

    main = import_module(f"{PACKAGE}.cli.main").main
    threading.setprofile(note)
    sys.setprofile(note)
    try:
        status = main(command, stdout=sys.stdout, stderr=sys.stderr, stdin=sys.stdin, environ=os.environ)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    report.write_text(json.dumps({"ran": sorted(ran), "holders": sorted(holders)}), encoding="utf-8")
    return int(status)


def is_throttled(value: object) -> bool:
    """Return whether a value is the client's word for a 429."""
    # by name, so that the class may move; isinstance would also run the properties of proxies
    return type(value).__name__ == "Throttled" and type(value).__module__.startswith(f"{PACKAGE}.")


@contextmanager
def served(folder: Path, *faults: str) -> Iterator[str]:
    """Serve the embedded API from a process of its own, and yield its base URL."""
    catalog = ("--catalog", "2026-05")  # of the spec above
    command = (sys.executable, "-m", PACKAGE, "simulator", *catalog, "--port", "0", "--latency", "0.5", *faults)
    with (folder / "simulator.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=log, text=True)
    assert process.stdout is not None
    try:
        words = process.stdout.readline().split()
        yield next(word for word in words if word.startswith("http://"))
    finally:
        process.terminate()
        process.communicate()


def watch_run(*faults: str) -> tuple[set[tuple[str, str]], set[str]]:
    """Make one run in a process of its own.

    Returns:
        The functions that ran, as module and name, and the modules that held a 429.

    Raises:
        SystemExit: the run failed; its words are passed on.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spec, report = folder / "spec.yaml", folder / "report.json"
        spec.write_text(SPEC, encoding="utf-8")
        with served(folder, *faults) as base_url:
            run = ("run", str(spec), "-o", str(folder / "made"), "--base-url", base_url, "--yes")
            command = (sys.executable, __file__, "--watch", str(report), *run)
            environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "QWAVE_API_KEY": "sk-benchmark", "NO_COLOR": "1"}
            process = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
        if process.returncode:
            raise SystemExit(process.stdout + process.stderr)
        found = json.loads(report.read_text(encoding="utf-8"))
    return {(module, function) for module, function in found["ran"]}, set(found["holders"])


def crossing() -> Crossing:
    """Make runs with one 429 and runs without it, and return what only the former have."""
    usual = set().union(*(watch_run()[0] for _ in range(ROUNDS)))
    throttled = [watch_run("--faults", THROTTLED_FAULT) for _ in range(ROUNDS)]
    ran = set.intersection(*(functions for functions, _ in throttled))
    holds = set.intersection(*(holders for _, holders in throttled))
    return Crossing(holds=sorted(holds), reacts=sorted({module for module, _ in ran - usual}))


def listing(names: Mapping[str, Sequence[str]]) -> str:
    """Return names with their places, a line each."""
    return "\n".join(f"  {name}: {', '.join(place or PACKAGE for place in places)}" for name, places in names.items())


def print_figures(files: Sequence[Source], found: Crossing | None) -> None:
    """Print everything for people."""
    heads = f"{'package':24}{'files':>7}{'lines':>8}{'<= 30':>7}{'> 300':>7}{'median':>8}"
    print(heads)
    for package, size in {**sizes_by_package(files), "all": size_of(files)}.items():
        name = package or f"{PACKAGE} (top)"
        print(f"{name:24}{size.files:7}{size.lines:8,}{size.short:7}{size.long:7}{size.median:8.0f}")
    for title, names in (
        ("file names in two packages or more", file_names(files)),
        ("classes defined twice or more", class_names(files)),
        ("public functions defined in two modules or more", function_names(files)),
    ):
        print(f"\n{title}: {len(names)}\n{listing(names)}")
    print("\npublic names:", ", ".join(f"{name} {count}" for name, count in public_names(files).items()))
    if found is not None:
        print(f"\nmodules that one 429 crosses: {len(found.below_api)} below api, {len(found.modules)} in all")
        for title, modules in (("hold it", found.holds), ("only react", found.only_reacts)):
            print(f"\n  {title}: {len(below_api(modules))} below api, {len(modules)} in all")
            for module in modules:
                print(f"    {module}")


def as_json(files: Sequence[Source], found: Crossing | None) -> str:
    """Return the totals on one line, in fewer than 500 characters; sub-packages count with their package."""
    public = public_names(files)
    by_package = Counter(file.package.partition(".")[0] or PACKAGE for file in files)
    return json.dumps(
        {
            "all": asdict(size_of(files)),
            "files": dict(sorted(by_package.items())),
            "repeated": {
                "files": len(file_names(files)),
                "classes": len(class_names(files)),
                "functions": len(function_names(files)),
            },
            "public": {PACKAGE: public.pop(PACKAGE), "modules": len(public), "their_names": sum(public.values())},
            "one_429": None
            if found is None
            else {
                "below_api": len(found.below_api),
                "hold": len(below_api(found.holds)),
                "only_react": len(below_api(found.only_reacts)),
                "all": len(found.modules),
            },
        },
        separators=(",", ":"),
    )


def main(argv: Sequence[str]) -> int:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print totals as one line of JSON")
    parser.add_argument("--static", action="store_true", help="leave out the runs that a 429 is watched in")
    parser.add_argument("--watch", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.watch:
        report, *command = args.watch
        return watched(command, Path(report))
    files, found = sources(), None if args.static else crossing()
    if args.json:
        print(as_json(files, found))
    else:
        print_figures(files, found)
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(CHECKOUT))
    sys.exit(main(sys.argv[1:]))
