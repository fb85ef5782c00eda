"""The arrows of docs/architecture.md, read from the code's own imports."""

import ast
from collections.abc import Iterator

import pytest

from tests.every_case import in_one_test
from tests.package_code import PACKAGE, TREES, name_in_package

ALLOWED: dict[str, set[str]] = {
    "resources": set(),
    "lazy": set(),
    "fitting": set(),
    "estimating": {"lazy"},
    "model": {"lazy"},
    "errors": {"model"},
    "files": {"errors", "lazy"},
    "git": {"errors", "files", "model"},
    "imaging": {"lazy"},
    "capacity": {"model"},
    "catalog": {"errors", "fitting", "lazy", "model", "resources"},
    "catalog_reading": {"catalog", "errors", "files", "lazy", "model", "spec"},
    "spec": {"errors", "files", "fitting", "lazy", "model", "resources"},
    "plan": {"catalog", "catalog_reading", "errors", "files", "imaging", "model", "spec"},
    "folder": {"errors", "files", "imaging", "lazy", "model"},
    "ledger": {"errors", "files", "model"},
    "client": {"errors", "files", "lazy", "model"},
    "simulator": {"catalog", "errors", "files", "imaging", "model"},
    "executors": {"errors", "files", "folder", "lazy", "model"},
    "run": {"catalog", "client", "errors", "executors", "files", "folder", "imaging", "lazy", "ledger", "model"},
    "output": {
        "errors", "executors", "files", "fitting", "folder", "git", "imaging", "lazy", "ledger", "model", "resources",
        "spec",
    },
    "quality": {"errors", "executors", "files", "folder", "imaging", "lazy", "ledger", "model", "output"},
    "choosing": {
        "errors", "files", "folder", "ledger", "model", "output", "plan", "quality", "scoring", "spec", "voting",
    },
    "voting": {"errors", "estimating", "files", "folder", "lazy", "model", "output"},
    "gating": {
        "errors", "estimating", "files", "folder", "lazy", "model", "output", "quality", "scoring", "spec", "voting",
    },
    "scoring": {"errors", "executors", "files", "folder", "imaging", "lazy", "model", "output", "spec"},
    "report": {
        "errors", "estimating", "executors", "files", "folder", "imaging", "lazy", "model", "output", "resources",
        "scoring", "voting",
    },
    "judging": {
        "client", "errors", "files", "folder", "imaging", "lazy", "model", "run", "scoring", "spec",
    },
    "reproducing": {"catalog", "errors", "files", "folder", "imaging", "lazy", "model", "output", "plan", "quality"},
    "hub": {"client", "errors", "files", "lazy", "model"},
    "export": {
        "errors", "executors", "files", "folder", "imaging", "lazy", "model", "output", "resources", "scoring", "spec",
        "voting",
    },
    "api": {
        "bench", "capacity", "catalog", "catalog_reading", "choosing", "client", "errors", "executors", "export",
        "files", "folder", "gating",
        "git", "hub", "imaging", "judging", "lazy", "ledger", "model", "output", "plan", "quality", "report",
        "reproducing", "resources", "run", "scoring", "simulator", "spec", "voting",
    },
    "accounts": {"api", "catalog", "client"},
    "connections": {"client"},
    "comparisons": {"api", "plan"},
    "events": {"model", "output"},
    "folders": {"api", "choosing", "lazy", "ledger", "model", "output", "quality"},
    "plans": {"api", "capacity", "lazy", "model", "plan", "spec"},
    "runs": {"api", "lazy", "model", "run"},
    "simulations": {"api"},
    "exports": {"api", "export", "model"},
    "gates": {"api", "gating"},
    "pushes": {"api", "hub"},
    "reports": {"api", "lazy", "report"},
    "votes": {"api", "voting"},
    "scores": {"api", "model", "scoring"},
    "bench": {
        "errors", "export", "files", "folder", "imaging", "lazy", "model", "output", "resources", "spec",
    },
    "benches": {"api", "bench", "lazy"},
    "reproductions": {"api", "lazy", "reproducing"},
    "__init__": {
        "accounts", "benches", "catalog", "comparisons", "connections", "errors", "events", "exports", "folders",
        "gates", "plans", "pushes", "reports", "reproductions", "runs", "scores", "simulations", "votes",
    },
    "cli": {
        "__init__", "accounts", "benches", "catalog", "comparisons", "connections", "errors", "events", "exports",
        "folders", "gates", "lazy", "model", "plans", "pushes", "reports", "reproductions", "resources", "runs",
        "scores",
        "simulations", "votes",
    },
    "__main__": {"cli"},
}  # fmt: skip
"""Which packages each package may import from; a package that is missing here is not part of the architecture."""


INSIDE: dict[str, dict[str, set[str]]] = {
    "plan": {
        "input_images": set(),
        "plan_samples": set(),
        "plan_summary": {"plan_samples", "stage_figures"},
        "problem_collector": set(),
        "stage_figures": set(),
        "expand": {"input_images", "plan_summary", "problem_collector"},
        "cache": {"expand"},
        "checks": {"expand", "problem_collector"},
        "file": {"expand", "input_images", "plan_samples", "plan_summary"},
        "migration": {"expand", "plan_summary"},
        "": {
            "cache",
            "checks",
            "expand",
            "input_images",
            "plan_samples",
            "plan_summary",
            "problem_collector",
            "stage_figures",
        },
    },
    "spec": {
        "values": set(),
        "inputs": {"values"},
        "yaml": {"values"},
        "template": {"values"},
        "table": {"inputs", "values", "yaml"},
        "": {"inputs", "table", "template", "values", "yaml"},
    },
    "run": {
        "limits": set(),
        "wakeup": set(),
        "jobs": {"limits"},
        "polling": {"wakeup"},
        "state": {"jobs", "limits"},
        "images": {"jobs", "limits", "state"},
        "tasks": {"images", "jobs", "limits", "polling", "state", "wakeup"},
        "schedule": {"images", "jobs", "limits", "polling", "state", "tasks", "wakeup"},
        "": {"images", "jobs", "limits", "polling", "schedule", "state", "tasks", "wakeup"},
    },
}
"""For a package with sub-packages: what each may import of the package; "" stands for all modules not named here."""


def package_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import on line {node.lineno}"
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def is_ours(module: str) -> bool:
    return module == "qwave_batch" or module.startswith("qwave_batch.")


MODULES = {f"{PACKAGE.name}.{name_in_package(file)}": tree for file, tree in TREES.items()}


@in_one_test("module", MODULES)
def test_imports_point_down(module: str) -> None:
    package = package_of(module)
    assert package in ALLOWED, f"{module}: name its package in the architecture first"
    for target, line in imports(MODULES[module]):
        if is_ours(target) and package_of(target) != package:
            assert package_of(target) in ALLOWED[package], f"{module}:{line} imports {target}"


def part_of(module: str, package: str) -> str:
    """Return the entry of ``INSIDE`` that a module, or a name in it, belongs to."""
    parts = module.split(".")
    return parts[2] if len(parts) > 2 and parts[2] in INSIDE[package] else ""


@pytest.mark.parametrize("package", INSIDE)
def test_sub_packages_import_one_way(package: str) -> None:
    allowed = INSIDE[package]
    assert allowed.keys() >= {init.parent.name for init in (PACKAGE / package).glob("*/__init__.py")}
    for module in (name for name in MODULES if package_of(name) == package):
        part = part_of(module, package)
        for target, line in imports(MODULES[module]):
            if is_ours(target) and package_of(target) == package and part_of(target, package) != part:
                assert part_of(target, package) in allowed[part], f"{module}:{line} imports {target}"


@pytest.mark.parametrize("arrows", [ALLOWED, *INSIDE.values()], ids=["packages", *INSIDE])
def test_arrows_form_no_circle(arrows: dict[str, set[str]]) -> None:
    done: set[str] = set()

    def visit(package: str, way: tuple[str, ...]) -> None:
        assert package not in way, f"circle: {' -> '.join((*way, package))}"
        if package not in done:
            for below in arrows[package]:
                visit(below, (*way, package))
            done.add(package)

    for package in arrows:
        visit(package, ())


def test_only_the_way_out_and_servers_know_aiohttp() -> None:
    users = {
        module
        for module, tree in MODULES.items()
        for target, _ in imports(tree)
        if target.split(".")[0] == "aiohttp" and package_of(module) != "simulator"
    }
    way_out = {f"qwave_batch.client.{name}" for name in ("transport", "resolver", "http_errors")}
    assert users == way_out | {"qwave_batch.api.report_server"}
