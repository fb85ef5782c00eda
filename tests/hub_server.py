"""A hub of datasets on loopback: it speaks the calls that the Hub's own client makes, keeps commits, and can fail."""

import asyncio
import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any
from urllib.parse import quote, unquote

import yaml
from aiohttp import web

TOKEN = "hf_" + "loopbackTokenOfAda" * 2
USER = "ada"
LARGE = (".png", ".jpg", ".jpeg", ".webp", ".parquet")
"""Endings that a new repository's ``.gitattributes`` puts into large file storage."""
MOST_PREUPLOADED = 256
MOST_COMMITTED = 25_000
ATTRIBUTES = "".join(f"*{ending} filter=lfs diff=lfs merge=lfs -text\n" for ending in LARGE).encode()

Handler = Callable[[web.Request], Any]


@dataclass(frozen=True)
class Blob:
    """A file of a repository."""

    data: bytes
    is_large: bool

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def git_oid(self) -> str:
        content = self._pointer if self.is_large else self.data
        return hashlib.sha1(b"blob %d\0%b" % (len(content), content)).hexdigest()

    @property
    def _pointer(self) -> bytes:
        size = len(self.data)
        return f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {size}\n".encode()

    def listed(self, path: str) -> dict[str, object]:
        entry: dict[str, object] = {"type": "file", "path": path, "size": len(self.data), "oid": self.git_oid}
        if self.is_large:
            entry["lfs"] = {"oid": self.sha256, "size": len(self.data), "pointerSize": len(self._pointer)}
        return entry


@dataclass(frozen=True)
class Commit:
    """A commit, with all files as they are after it."""

    oid: str
    summary: str
    files: Mapping[str, Blob]
    changed: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()


@dataclass
class Repository:
    """A repository of a dataset: the commits of each branch, the newest last."""

    is_private: bool
    branches: dict[str, list[Commit]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.add("main", "initial commit", {".gitattributes": Blob(ATTRIBUTES, is_large=False)})

    def add(
        self,
        branch: str,
        summary: str,
        files: Mapping[str, Blob],
        changed: tuple[str, ...] = (),
        deleted: tuple[str, ...] = (),
    ) -> Commit:
        commits = self.branches.setdefault(branch, [])
        oid = hashlib.sha1(f"{branch} {len(commits)} {summary}".encode()).hexdigest()
        commits.append(Commit(oid, summary, dict(files), changed, deleted))
        return commits[-1]

    def head(self, revision: str) -> Commit | None:
        if revision in self.branches:
            return self.branches[revision][-1]
        every = (commit for commits in self.branches.values() for commit in commits)
        return next((commit for commit in every if commit.oid == revision), None)


@dataclass
class Fault:
    """Trouble for the next ``times`` requests whose method and path match."""

    call: str
    """A pattern of ``METHOD /path``."""
    status: int | None = None
    """The answer, before anything is done; without it the connection breaks."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = '{"error": "by a fault"}'
    times: int = 1
    after: int = 0
    """How many matching requests pass first."""
    is_done_first: bool = False
    """Whether the request is done, and only its answer is lost."""
    then: Callable[[], None] | None = None
    """Called when it happens."""

    def hits(self, request: web.Request) -> bool:
        if not self.times or not re.search(self.call, f"{request.method} {request.path}"):
            return False
        if self.after:
            self.after -= 1
            return False
        self.times -= 1
        return True


@dataclass
class HubServer:
    """The state of the hub."""

    repositories: dict[str, Repository] = field(default_factory=dict)
    members: frozenset[str] = frozenset({USER, "teahouse"})
    """Namespaces that the token may write to."""
    stored: dict[str, bytes] = field(default_factory=dict)
    """Large file storage, by hash."""
    faults: list[Fault] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    """Every request, as ``METHOD /path``."""
    leaks: list[str] = field(default_factory=list)
    """Requests to the storage that carried the token, which is not the storage's business."""
    uploads: int = 0
    page_size: int = 1_000
    ignored: frozenset[str] = frozenset()
    """Files that the repository's ``.gitignore`` leaves out."""
    url: str = ""

    def commits(self, name: str, branch: str = "main") -> list[Commit]:
        """The commits of a repository, without the one that it begins with."""
        return self.repositories[name].branches[branch][1:]

    def files(self, name: str, branch: str = "main") -> dict[str, bytes]:
        """The files of a repository as they are now."""
        return {path: blob.data for path, blob in self.repositories[name].branches[branch][-1].files.items()}

    def put(self, name: str, path: str, data: bytes, *, branch: str = "main") -> None:
        """Commit a file as somebody else would."""
        repository = self.repositories.setdefault(name, Repository(is_private=False))
        files = dict(repository.branches[branch][-1].files)
        files[path] = Blob(data, is_large=path.endswith(LARGE))
        repository.add(branch, f"add {path}", files, (path,))

    def counted(self, pattern: str) -> int:
        return sum(re.search(pattern, call) is not None for call in self.calls)

    # the calls

    def app(self) -> web.Application:
        app = web.Application(client_max_size=1 << 30, middlewares=[self._watched])
        repository = "/api/datasets/{owner}/{name}"
        app.add_routes(
            [
                web.get("/api/whoami-v2", self._who),
                web.post("/api/repos/create", self._create),
                web.post("/api/validate-yaml", self._validate),
                web.get(repository, self._info),
                web.get(repository + "/revision/{revision}", self._info),
                web.get(repository + "/tree/{revision}", self._tree),
                web.get(repository + "/tree/{revision}/{below:.+}", self._tree),
                web.post(repository + "/paths-info/{revision}", self._paths),
                web.post(repository + "/branch/{branch}", self._branch),
                web.post(repository + "/preupload/{revision}", self._preupload),
                web.post(repository + "/commit/{revision}", self._commit),
                web.post("/datasets/{owner}/{name}.git/info/lfs/objects/batch", self._batch),
                web.put("/storage/{oid}", self._store),
                web.post("/storage/verify", self._verify),
                web.get("/datasets/{owner}/{name}/resolve/{revision}/{path:.+}", self._resolve),
            ]
        )
        return app

    @web.middleware
    async def _watched(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.calls.append(f"{request.method} {request.path}")
        fault = next((fault for fault in self.faults if fault.hits(request)), None)
        if fault is not None:
            if fault.then is not None:
                fault.then()
            if fault.is_done_first:
                await request.read()
                await handler(request)
            if fault.status is not None:
                return web.Response(
                    status=fault.status, headers=fault.headers, text=fault.body, content_type="application/json"
                )
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        is_open = request.path.startswith("/storage/") or request.path == "/api/validate-yaml"
        if not is_open and request.method != "GET" and not self._is_allowed(request):
            return _refused(401, "Invalid credentials in Authorization header", "Unauthorized")
        response: web.StreamResponse = await handler(request)
        return response

    def _is_allowed(self, request: web.Request) -> bool:
        return request.headers.get("authorization") == f"Bearer {TOKEN}"

    async def _who(self, request: web.Request) -> web.Response:
        if not self._is_allowed(request):
            return _refused(401, "Invalid credentials in Authorization header", "Unauthorized")
        orgs = [{"type": "org", "name": name} for name in sorted(self.members - {USER})]
        return web.json_response({"type": "user", "name": USER, "orgs": orgs, "auth": {"type": "access_token"}})

    async def _create(self, request: web.Request) -> web.Response:
        asked = await request.json()
        assert asked["type"] == "dataset"
        owner = asked["organization"] or USER
        name = f"{owner}/{asked['name']}"
        if owner not in self.members:
            return _refused(403, f"You don't have the rights to create a dataset under the namespace {owner}", "")
        if name in self.repositories:
            told = {"error": "You already created this dataset repo", "url": f"{self.url}/datasets/{name}"}
            return web.json_response(told, status=409)
        self.repositories[name] = Repository(is_private=asked.get("visibility") == "private")
        return web.json_response({"url": f"{self.url}/datasets/{name}", "name": name, "id": name})

    async def _validate(self, request: web.Request) -> web.Response:
        asked = await request.json()
        assert asked["repoType"] == "dataset"
        head = re.match(r"---\n(.*?)\n---\n", asked["content"], re.DOTALL)
        try:
            read = yaml.safe_load(head[1]) if head else None
        except yaml.YAMLError as error:
            return web.json_response({"errors": [{"message": str(error)}], "warnings": []}, status=400)
        if read is None:
            return web.json_response({"errors": [], "warnings": [{"message": "empty or missing yaml metadata"}]})
        errors = [{"message": f'"{key}" must be a text'} for key in ("license",) if not isinstance(read.get(key), str)]
        return web.json_response({"errors": errors, "warnings": []}, status=400 if errors else 200)

    def _found(self, request: web.Request) -> tuple[str, Repository, Commit] | web.Response:
        name = f"{request.match_info['owner']}/{request.match_info['name']}"
        repository = self.repositories.get(name)
        if repository is None or (repository.is_private and not self._is_allowed(request)):
            return _refused(404 if self._is_allowed(request) else 401, "Repository not found", "RepoNotFound")
        revision = unquote(request.match_info.get("revision", "main"))
        head = repository.head(revision)
        if head is None:
            return _refused(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return name, repository, head

    async def _info(self, request: web.Request) -> web.Response:
        found = self._found(request)
        if isinstance(found, web.Response):
            return found
        name, repository, head = found
        files = [{"rfilename": path} for path in sorted(head.files)]
        told = {"_id": "1", "id": name, "sha": head.oid, "private": repository.is_private, "siblings": files}
        return web.json_response({**told, "tags": [], "downloads": 0, "likes": 0, "gated": False, "disabled": False})

    async def _tree(self, request: web.Request) -> web.Response:
        found = self._found(request)
        if isinstance(found, web.Response):
            return found
        _, _, head = found
        below = unquote(request.match_info.get("below", ""))
        inside = f"{below}/" if below else ""
        paths = sorted(path for path in head.files if path.startswith(inside))
        if below and not paths:
            return _refused(404, f"{below} does not exist", "EntryNotFound")
        entries = [head.files[path].listed(path) for path in paths]
        folders = sorted({inside + path[len(inside) :].split("/")[0] for path in paths if "/" in path[len(inside) :]})
        entries += [{"type": "directory", "path": path, "size": 0, "oid": _oid(path)} for path in folders]
        if request.query.get("recursive", "false").lower() != "true":
            entries = [entry for entry in entries if "/" not in str(entry["path"])[len(inside) :]]
        start = int(request.query.get("cursor", 0))
        headers = {}
        if start + self.page_size < len(entries):
            url = f"{self.url}{quote(request.path)}?recursive={request.query.get('recursive', 'false')}"
            headers["Link"] = f'<{url}&cursor={start + self.page_size}>; rel="next"'
        return web.json_response(entries[start : start + self.page_size], headers=headers)

    async def _paths(self, request: web.Request) -> web.Response:
        found = self._found(request)
        if isinstance(found, web.Response):
            return found
        asked = await request.post()
        paths = [str(path) for path in asked.getall("paths")]
        head = found[2]
        entries = [head.files[path].listed(path) for path in paths if path in head.files]
        folders = (path for path in paths if any(file.startswith(f"{path}/") for file in head.files))
        entries += [{"type": "directory", "path": path, "size": 0, "oid": _oid(path)} for path in folders]
        return web.json_response(entries)

    async def _branch(self, request: web.Request) -> web.Response:
        found = self._found(request)
        if isinstance(found, web.Response):
            return found
        _, repository, head = found
        branch = unquote(request.match_info["branch"])
        if branch in repository.branches:
            return _refused(409, "Reference already exists", "")
        repository.branches[branch] = list(repository.branches["main"])
        assert head is repository.branches[branch][-1]
        return web.json_response({})

    async def _preupload(self, request: web.Request) -> web.Response:
        found = self._found(request)
        if isinstance(found, web.Response):
            return found
        files = (await request.json())["files"]
        if len(files) > MOST_PREUPLOADED:
            return _refused(413, "too many files", "")
        return web.json_response({"files": [self._mode(file, found[2]) for file in files]})

    def _mode(self, file: Mapping[str, Any], head: Commit) -> dict[str, object]:
        path = file["path"]
        assert len(base64.b64decode(file["sample"])) == min(512, file["size"])
        known = head.files.get(path)
        oid = None if known is None else known.sha256 if known.is_large else known.git_oid
        mode = "lfs" if path.endswith(LARGE) or file["size"] > 10_000_000 else "regular"
        return {"path": path, "uploadMode": mode, "shouldIgnore": path in self.ignored, **({"oid": oid} if oid else {})}

    async def _batch(self, request: web.Request) -> web.Response:
        found = self._found(request)
        if isinstance(found, web.Response):
            return found
        asked = await request.json()
        assert asked["operation"] == "upload"
        assert "basic" in asked["transfers"]
        assert len(asked["objects"]) <= MOST_PREUPLOADED
        objects = []
        for each in asked["objects"]:
            told = {"oid": each["oid"], "size": each["size"], "authenticated": True}
            if each["oid"] not in self.stored:
                upload = {"href": f"{self.url}/storage/{each['oid']}?X-Amz-Signature=s1gned"}
                told["actions"] = {"upload": upload, "verify": {"href": f"{self.url}/storage/verify"}}
            objects.append(told)
        return web.json_response({"transfer": "basic", "objects": objects})

    async def _store(self, request: web.Request) -> web.Response:
        if "authorization" in request.headers:
            self.leaks.append(request.path)
        data = await request.read()
        if request.query.get("X-Amz-Signature") != "s1gned":
            return web.Response(status=403)
        if hashlib.sha256(data).hexdigest() != request.match_info["oid"]:
            return web.Response(status=400, text="checksum mismatch")
        self.stored[request.match_info["oid"]] = data
        self.uploads += 1
        return web.Response()

    async def _verify(self, request: web.Request) -> web.Response:
        asked = await request.json()
        is_there = len(self.stored.get(asked["oid"], b"")) == asked["size"]
        return web.json_response({}) if is_there else _refused(404, "no such object", "")

    async def _commit(self, request: web.Request) -> web.Response:
        found = self._found(request)
        if isinstance(found, web.Response):
            return found
        name, repository, head = found
        branch = unquote(request.match_info["revision"])
        header, *operations = [json.loads(line) for line in (await request.text()).splitlines()]
        if name.split("/")[0] not in self.members:
            return _refused(403, "You have no write access", "")
        if header["value"].get("parentCommit", head.oid) != head.oid:
            return _refused(412, "A commit has happened since. Please refresh and try again.", "")
        if len(operations) > MOST_COMMITTED:
            return _refused(413, "too many operations", "")
        try:
            files = self._changed(head.files, operations)
        except LookupError as error:
            return _refused(404, str(error), "EntryNotFound")
        changed = tuple(path for path, blob in files.items() if head.files.get(path) != blob)
        deleted = tuple(path for path in head.files if path not in files)
        commit = repository.add(branch, header["value"]["summary"], files, changed, deleted)
        url = f"{self.url}/datasets/{name}/commit/{commit.oid}"
        return web.json_response({"success": True, "commitOid": commit.oid, "commitUrl": url})

    def _changed(self, before: Mapping[str, Blob], operations: list[Any]) -> dict[str, Blob]:
        """The files after some operations; raises LookupError for a file or an object that is not there."""
        files = dict(before)
        for operation in operations:
            value = operation["value"]
            path = value["path"]
            match operation["key"]:
                case "file":
                    files[path] = Blob(base64.b64decode(value["content"]), is_large=False)
                case "lfsFile" if value["oid"] in self.stored:
                    files[path] = Blob(self.stored[value["oid"]], is_large=True)
                case "deletedFile" if path in files:
                    del files[path]
                case "lfsFile":
                    raise LookupError(f"LFS pointer of {path} points to a file that does not exist")
                case "deletedFile":
                    raise LookupError("A file with this name doesn't exist")
                case other:
                    raise AssertionError(other)
        return files

    async def _resolve(self, request: web.Request) -> web.Response:
        found = self._found(request)
        if isinstance(found, web.Response):
            return found
        blob = found[2].files.get(unquote(request.match_info["path"]))
        if blob is None:
            return _refused(404, "Entry not found", "EntryNotFound")
        etag = blob.sha256 if blob.is_large else blob.git_oid
        headers = {"X-Repo-Commit": found[2].oid, "ETag": f'"{etag}"', "Accept-Ranges": "bytes"}
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("Range", ""))
        if asked is None:
            return web.Response(body=blob.data, headers=headers)
        first, last = int(asked[1]), min(int(asked[2]), len(blob.data) - 1)
        headers["Content-Range"] = f"bytes {first}-{last}/{len(blob.data)}"
        return web.Response(status=206, body=blob.data[first : last + 1], headers=headers)


def _oid(path: str) -> str:
    return hashlib.sha1(path.encode()).hexdigest()


def _refused(status: int, message: str, code: str) -> web.Response:
    headers = {"X-Error-Message": message, **({"X-Error-Code": code} if code else {})}
    return web.json_response({"error": message}, status=status, headers=headers)


@contextmanager
def serving(hub: HubServer) -> Iterator[HubServer]:
    """Serve the hub on loopback, by a thread of its own, for as long as the block lasts."""
    told: SimpleQueue[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = SimpleQueue()

    async def serve_until_told() -> None:
        ended = asyncio.Event()
        runner = web.AppRunner(hub.app(), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        hub.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        told.put((asyncio.get_running_loop(), ended))
        await ended.wait()
        await runner.cleanup()

    server = threading.Thread(target=lambda: asyncio.run(serve_until_told()))
    server.start()
    loop, ended = told.get(timeout=30)
    try:
        yield hub
    finally:
        loop.call_soon_threadsafe(ended.set)
        server.join()
