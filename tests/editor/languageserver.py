"""A small client of language servers: it asks what an editor asks."""

import json
import os
import subprocess
from itertools import count
from pathlib import Path
from typing import Any

SETTINGS = {"yaml": {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}}}


class LanguageServer:
    """Speaks the Language Server Protocol over a process's own streams."""

    def __init__(self, command: list[str], root: Path) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root)
        self._root = root
        self._ids = count(1)
        self._diagnostics: dict[str, list[dict[str, Any]]] = {}
        self.ask("initialize", processId=os.getpid(), rootUri=root.as_uri(), capabilities={})
        self._tell("initialized")
        self._tell("workspace/didChangeConfiguration", settings=SETTINGS)

    def diagnostics(self, text: str) -> list[tuple[int, str]]:
        """Diagnostics in a text: line, from 1, and message, in the order of the text."""
        uri = self._open(text)
        while uri not in self._diagnostics:
            self._answer(self._read())
        return sorted((found["range"]["start"]["line"] + 1, found["message"]) for found in self._diagnostics[uri])

    def completions(self, text: str) -> dict[str, str]:
        """Completions at the ``|`` in a text: each label with its documentation."""
        found = self._at("textDocument/completion", text)
        return {item["label"]: _words(item.get("documentation", "")) for item in found["items"]}

    def hover(self, text: str) -> str:
        """The hover text at the ``|`` in a text."""
        found = self._at("textDocument/hover", text)
        return _words(found["contents"]) if found else ""

    def ask(self, method: str, **params: Any) -> Any:
        """Return the answer to a request."""
        number = next(self._ids)
        self._write({"id": number, "method": method, "params": params})
        while True:
            message = self._read()
            if message.get("id") == number and "method" not in message:
                assert "error" not in message, message
                return message["result"]
            self._answer(message)

    def close(self) -> None:
        """End the server."""
        self.ask("shutdown")
        self._tell("exit")
        assert self._process.stdin
        assert self._process.stdout
        self._process.wait(10)
        self._process.stdin.close()
        self._process.stdout.close()

    def _open(self, text: str) -> str:
        """Open a text as a file among the example specs, which is never written, and return its address."""
        number = next(self._ids)
        uri = (self._root / "specs" / f"new-{number}.yaml").as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": number, "text": text}
        self._tell("textDocument/didOpen", textDocument=document)
        return uri

    def _at(self, method: str, text: str) -> Any:
        before, _, after = text.partition("|")
        line, character = before.count("\n"), len(before) - before.rfind("\n") - 1
        uri = self._open(before + after)
        return self.ask(method, textDocument={"uri": uri}, position={"line": line, "character": character})

    def _answer(self, message: dict[str, Any]) -> None:
        """Keep what the server tells, and answer what it asks."""
        method = message.get("method")
        if method == "textDocument/publishDiagnostics":
            self._diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif method == "workspace/configuration":
            asked = [item.get("section", "") for item in message["params"]["items"]]
            self._write({"id": message["id"], "result": [SETTINGS.get(section, {}) for section in asked]})
        elif "id" in message:
            self._write({"id": message["id"], "result": None})

    def _tell(self, method: str, **params: Any) -> None:
        self._write({"method": method, "params": params})

    def _write(self, message: dict[str, Any]) -> None:
        assert self._process.stdin
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout
        size = 0
        while header := self._process.stdout.readline().strip():
            name, _, value = header.partition(b":")
            size = int(value) if name.lower() == b"content-length" else size
        assert size, "the language server has ended"
        message: dict[str, Any] = json.loads(self._process.stdout.read(size))
        return message


def _words(documentation: Any) -> str:
    return str(documentation["value"] if isinstance(documentation, dict) else documentation)
