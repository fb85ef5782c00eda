"""Files, git, databases and images are touched in one place each, as read from the code: no new door opens unseen."""

import ast
from collections.abc import Iterator

from tests.every_case import in_one_test
from tests.package_code import TREES, name_in_package

PATH_METHODS = frozenset(
    {
        "chmod", "exists", "glob", "hardlink_to", "is_block_device", "is_char_device", "is_dir",
        "is_fifo", "is_file", "is_mount", "is_socket", "is_symlink", "iterdir", "lchmod", "link_to", "lstat", "mkdir",
        "open", "read_bytes", "read_text", "readlink", "rename", "rglob", "rmdir", "samefile", "stat",
        "symlink_to", "touch", "unlink", "walk", "write_bytes", "write_text",
    }
)  # fmt: skip
"""Methods of ``Path`` that touch the disk; ``replace`` is told from that of a string by its argument count."""
PURE = frozenset(
    {
        "PathLike", "close", "cpu_count", "defpath", "devnull", "dup2", "environ", "fsdecode", "fsencode", "fspath",
        "fstat", "fsync", "get_terminal_size", "geteuid", "getpid", "killpg", "name", "path", "pathsep", "pipe", "read",
        "sep", "set_blocking", "stat_result", "strerror", "write",
    }
)  # fmt: skip
"""Functions of ``os`` that take no file name."""
MODULES = frozenset({"ctypes", "fcntl", "mmap", "multiprocessing", "shutil", "subprocess", "tempfile"})
OTHERS = frozenset(
    {"os", "Ledger", "border", "file", "file.file", "journal", "self.file.file", "source", "store", "table", "target"}
    | {"told", "work", "workers"}
)
"""Owners of methods that are called like those of a path and do other things."""

ALLOWED: dict[str, tuple[str, frozenset[str]]] = {
    "__main__": ("leaves at once when a second signal asks for it", frozenset({"os._exit"})),
    "catalog.catalog_queries": ("reads what ships with the package", frozenset({".read_text()"})),
    "api.live_overlay": ("looks whether the folder of a file that the user names is there", frozenset({".is_dir()"})),
    "catalog_reading.user_catalogs": (
        "looks for catalogs in a folder that the user names",
        frozenset({".exists()", ".glob()", ".is_dir()", "os.scandir"}),
    ),
    "api.compare_plan": ("tells a file from a revision of that name", frozenset({".is_file()"})),
    "api.revisions": (
        "lays a revision out in a scratch folder of its own",
        frozenset(
            {
                ".exists()",
                ".is_file()",
                ".is_symlink()",
                ".mkdir()",
                ".open()",
                ".read_bytes()",
                ".stat()",
                ".symlink_to()",
                "tempfile",
            }
        ),
    ),
    "api.folder_inputs": ("downloads large input images into a scratch folder of its own", frozenset({"tempfile"})),
    "files.appended_lines": (
        "adds lines to the file that it holds the lock of",
        frozenset({"fcntl", "os.ftruncate", "os.pread", "os.pwrite"}),
    ),
    "executors.process_session": (
        "ends what is left of a session, as the system lists its processes",
        frozenset({".iterdir()", ".read_text()", "os.kill"}),
    ),
    "executors.ray_actor": (
        "hashes the code of the package, which workers share, and ends its process at once",
        frozenset({".rglob()", "os._exit"}),
    ),
    "executors.ray_cluster": (
        "starts the process that speaks to Ray, in a scratch folder of its own",
        frozenset({"subprocess", "tempfile"}),
    ),
    "executors.ray_driver": (
        "keeps its streams for messages alone, and removes the folder of a Ray of its own",
        frozenset({"os.dup", "os.fdopen", "os.open", "shutil"}),
    ),
    "executors.shared_places": (
        "tries whether a folder is the same one on another machine",
        frozenset({".glob()", ".mkdir()", ".write_text()"}),
    ),
    "run.images.image_worker": (
        "keeps an image for a store in a scratch folder of its own, and limits what is decoded",
        frozenset({"PIL", "tempfile"}),
    ),
    "run.images.ray_image_store": ("limits what is decoded as this process does", frozenset({"PIL"})),
    "imaging.picture_levels": ("measures a picture that is decoded elsewhere", frozenset({"PIL"})),
    "scoring.command_process": (
        "starts the command that the user's file names, its stderr in a nameless file",
        frozenset({"os.SEEK_END", "subprocess", "tempfile"}),
    ),
    "scoring.command_scorer": (
        "writes images of a store to a scratch folder, for the command",
        frozenset({".open()", "tempfile"}),
    ),
    "scoring.text_reader": ("finds the weights in the engine's own package", frozenset({".glob()"})),
    "api.folder_session": ("makes a workspace for a store that is named by its address", frozenset({"tempfile"})),
    "api.run_place": ("looks for the work tree around the file that the user names", frozenset({"os.path.lexists"})),
    "api.spec_files": (
        "writes the first spec where its user says",
        frozenset({".mkdir()", ".open()", ".read_text()"}),
    ),
    "catalog.catalog_files": ("reads what ships with the package", frozenset({".glob()", ".read_text()"})),
    "bench.benchmark": ("reads what ships with the package", frozenset({".glob()"})),
    "bench.layouts.picture_making": ("draws grids and black pictures", frozenset({"PIL"})),
    "bench.layouts.plain_picture": ("encodes exported pictures anew", frozenset({".open()", "PIL"})),
    "bench.given_files": (
        "looks for a benchmark's files in the folders that the user names",
        frozenset({".is_dir()", ".is_file()", "os.walk"}),
    ),
    "cli.report_serving": ("opens the browser", frozenset({".open()"})),
    "cli.interrupts": ("leaves at once when a second signal asks for it", frozenset({"os._exit"})),
    "cli.options": ("looks whether a folder that the user names is there", frozenset({".is_dir()"})),
    "cli.streams": ("opens the standard streams", frozenset({"open()", "os.open"})),
    "report.report_folder": (
        "reads the page that ships, and looks whether a file has the report's name",
        frozenset({".exists()", ".is_dir()", ".rglob()"}),
    ),
    "files.lone_writer": ("locks a file that it writes", frozenset({"fcntl", "os.dup", "os.fdopen", "os.ftruncate"})),
    "files.sqlite_files": (
        "makes databases, under a name of its own or without one, and compares schemas in memory",
        frozenset({"sqlite3.connect"}),
    ),
    "files.folder_handles": (
        "is the one place",
        frozenset({"os.fdopen", "os.listdir", "os.mkdir", "os.open", "os.stat"}),
    ),
    "files.regular_files": ("is the one place", frozenset({"os.fdopen", "os.open", "os.stat"})),
    "files.tree": (
        "is the one place",
        frozenset(
            {
                ".mkdir()",
                "os.fdopen",
                "os.link",
                "os.open",
                "os.replace",
                "os.rmdir",
                "os.stat",
                "os.statvfs",
                "os.unlink",
            }
        ),
    ),
    "folder.artifacts": ("copies between two open files", frozenset({"shutil"})),
    "imaging.formats.apart": ("decodes images in a process of their own", frozenset({"subprocess"})),
    "imaging.formats.gif": ("decodes images", frozenset({"PIL"})),
    "imaging.formats.jpeg": ("decodes images", frozenset({"PIL"})),
    "imaging.formats.png_rows": ("decodes images", frozenset({"PIL"})),
    "imaging.formats.shrinking": ("shrinks pictures that are being decoded", frozenset({"PIL"})),
    "imaging.formats.webp": ("decodes images", frozenset({"PIL"})),
    "imaging.thumbnail": ("encodes small pictures", frozenset({"PIL"})),
    "imaging.picture_fingerprint": ("decodes pictures that are known to be whole", frozenset({".open()", "PIL"})),
    "imaging.picture_difference": ("compares pictures that are decoded", frozenset({"PIL"})),
    "judging.judge_journal": ("opens the journal of what was asked and answered", frozenset({"sqlite3.connect"})),
    "quality.look_cache": (
        "opens the looks at images, once files.sqlite_files has looked at their file",
        frozenset({"sqlite3.connect"}),
    ),
    "folder.inspection_processes": (
        "starts processes of our own that look at images",
        frozenset({"os.sched_getaffinity", "subprocess", "tempfile"}),
    ),
    "folder.inspection_worker": ("shares the memory for large images by a lock", frozenset({"fcntl"})),
    "folder.stores.store_artifacts": (
        "maps what is uploaded, and collects it in a file without a name",
        frozenset({".open()", "mmap", "shutil", "tempfile"}),
    ),
    "folder.stores.object_store": ("spools a large object into a file without a name", frozenset({"tempfile"})),
    "folder.stores.ledger_snapshots": (
        "compresses an open file, and maps it to send it",
        frozenset({".open()", "mmap", "shutil"}),
    ),
    "ledger.ledger_copies": ("fills a copy that was made as a private file", frozenset({"sqlite3.connect"})),
    "folder.layout": ("looks at what the user names as a folder", frozenset({".exists()", ".is_dir()", ".iterdir()"})),
    "folder.lock": ("locks and signs the open lock file", frozenset({"fcntl", "os.ftruncate", "os.pwrite"})),
    "api.scoring_workers": ("looks whether workers have the folder of reference images", frozenset({".is_dir()"})),
    "export.image_encoding": ("encodes exported images anew", frozenset({".open()", "PIL"})),
    "export.out_file": (
        "looks at the file that the user names as output",
        frozenset({".exists()", ".is_dir()", ".is_file()", ".is_symlink()"}),
    ),
    "export.out_folder": (
        "looks at the folder that the user names as output, and makes the links asked for",
        frozenset({".exists()", ".is_dir()", ".is_file()", ".is_symlink()", ".iterdir()", ".symlink_to()"}),
    ),
    "export.out_state": ("opens the record of an output", frozenset({"sqlite3.connect"})),
    "export.export_record": ("reads the record of an export", frozenset({".is_file()", "sqlite3.connect"})),
    "export.row_spool": (
        "keeps the rows of one export in a temporary database",
        frozenset({"sqlite3.connect", "tempfile"}),
    ),
    "git.git_process": ("starts git", frozenset({"shutil", "subprocess", "tempfile"})),
    "git.repository": (
        "makes the git directory that git is given",
        frozenset(
            {
                ".glob()",
                ".is_dir()",
                ".mkdir()",
                ".symlink_to()",
                ".write_bytes()",
                ".write_text()",
                "os.path.lexists",
                "tempfile",
            }
        ),
    ),
    "git.state": ("looks for the files of an index", frozenset({"os.path.lexists"})),
    "git.worktree": ("finds the work tree around a file", frozenset({".is_dir()", ".lstat()", "os.path.lexists"})),
    "client.transport": ("tells a file of certificates from a folder of them", frozenset({".is_dir()"})),
    "ledger.lost_records": ("writes the count beside the ledger in place", frozenset({"os.ftruncate", "os.pwrite"})),
    "ledger.database": (
        "opens the ledger, once files.sqlite_files has looked at it",
        frozenset({".open()", "shutil", "sqlite3.connect", "tempfile"}),
    ),
    "output.event_log": ("writes events where its user says", frozenset({".stat()", "os.open"})),
    "output.manifest_schema": ("reads what ships with the package", frozenset({".read_text()"})),
    "plan.file.plan_draft": ("lets lines wait for their header", frozenset({"tempfile"})),
    "report.banded_png": ("writes a picture band by band", frozenset({"PIL"})),
    "report.pdf_pages": ("writes pictures as pages", frozenset({"PIL"})),
    "report.sheet_drawing": ("draws the contact sheet", frozenset({"PIL"})),
    "report.sheet_files": ("hands on pictures", frozenset({"PIL"})),
    "report.sheet_fonts": ("opens fonts", frozenset({"PIL"})),
    "report.sheet_pictures": ("decodes images that are known to be whole", frozenset({".open()", "PIL"})),
    "resources": ("finds what ships with the package", frozenset({".exists()"})),
    "simulator.text_drawing": ("draws the simulator's images", frozenset({"PIL"})),
    "simulator.image_drawing": ("draws the simulator's images", frozenset({"PIL"})),
    "simulator.task_store": (
        "opens the simulator's tasks, once files.sqlite_files has looked at them",
        frozenset({".mkdir()", "sqlite3.connect"}),
    ),
    "spec.checked_yaml": ("reads what ships with the package", frozenset({".read_text()"})),
    "spec.inputs.allowed_roots": (
        "finds the folders that a spec may read from",
        frozenset({".is_symlink()", "os.path.lexists"}),
    ),
    "spec.inputs.file_access": ("words why a file was refused", frozenset({".exists()", ".stat()"})),
    "spec.base_files": ("words why a file was refused", frozenset({".is_dir()"})),
    "spec.structure": ("reads what ships with the package", frozenset({".read_text()"})),
}
"""By module: why it may, and what it uses."""


def touched(tree: ast.Module) -> Iterator[str]:  # noqa: C901 - one case for each way to a file
    """Yield the names of all that a module may do to files, databases, processes and images."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (
                    alias.name.split(".")[0] for alias in names if alias.name.split(".")[0] in {*MODULES, "PIL"}
                )
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] in {*MODULES, "PIL"}:
                yield module.split(".")[0]
            case ast.ImportFrom(module="os" | "pathlib" as module, names=names):
                known = {"Path", "PurePath", "PurePosixPath"}
                yield from (f"{module}.{alias.name}" for alias in names if alias.name not in known)
            case ast.Call(func=ast.Name(id="open")):
                yield "open()"
            case ast.Attribute(value=ast.Name(id="sqlite3") | ast.Attribute(attr="sqlite3"), attr="connect"):
                yield "sqlite3.connect"
            case ast.Attribute(value=ast.Name(id="os"), attr=name) if name not in PURE and not name.startswith("O_"):
                yield f"os.{name}"
            case ast.Attribute(
                value=ast.Attribute(value=ast.Name(id="os"), attr="path"),
                attr="lexists" | "exists" | "isfile" | "isdir" as name,
            ):
                yield f"os.path.{name}"
            case ast.Call(func=ast.Attribute(value=owner, attr=name), args=args):
                whose = ast.unparse(owner)
                is_other = whose in OTHERS or whose.lower().endswith(
                    ("tree", "artifacts", "self", "tree(self.allowed_root)")
                )
                if not is_other and (name in PATH_METHODS or (name == "replace" and len(args) == 1)):
                    yield f".{name}()"


CODE = {name_in_package(file): tree for file, tree in TREES.items()}


@in_one_test("module", ALLOWED)
def test_a_module_touches_only_what_it_is_there_for(module: str) -> None:
    _, allowed = ALLOWED[module]
    found = set(touched(CODE[module]))
    assert found <= allowed, f"{module} does {sorted(found - allowed)}: leave it to files.tree, git or image_inspection"
    assert allowed <= found, f"{module} no longer does {sorted(allowed - found)}: take it off the list"


def test_the_other_modules_touch_nothing() -> None:
    others = {module: set(touched(tree)) for module, tree in CODE.items() if module not in ALLOWED}
    found = {module: uses for module, uses in others.items() if uses}
    assert found == {}, "leave it to files.tree, git or image_inspection"
