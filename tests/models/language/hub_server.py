"""A small Hub on the loopback: what `huggingface_hub` asks of the real one to resolve files."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

LARGE = (".safetensors", ".bin")  # served as large files: named by the hash of their content


@dataclass
class Hub:
    """One repository.

    Attributes:
        revisions: name -> folder with its files.
        served: (revision, file) -> bytes sent instead of the file's.
        announced: (revision, file) -> size announced instead of that of what is sent.
        requests: paths asked for.
    """

    repository: str
    revisions: dict[str, Path]
    served: dict[tuple[str, str], bytes] = field(default_factory=dict)
    announced: dict[tuple[str, str], int] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    def commit(self, revision: str) -> str:
        """Commit hash of a revision."""
        return hashlib.sha1(revision.encode()).hexdigest()

    def find(self, name: str) -> str | None:
        """The revision of that name or commit."""
        return next((r for r in self.revisions if name in (r, self.commit(r))), None)


def _git_hash(content: bytes) -> str:
    return hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()


def _entry(file: Path) -> dict[str, Any]:
    """A file as the listing of a commit names it."""
    content = file.read_bytes()
    entry: dict[str, Any] = {"type": "file", "path": file.name, "size": len(content)}
    entry["oid"] = _git_hash(content)
    if file.suffix in LARGE:
        large = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content)}
        entry["lfs"] = large | {"pointerSize": 130}
    return entry


def _handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self.answer(send=False)

        def do_GET(self) -> None:
            self.answer(send=True)

        def reply(self, status: int, body: bytes, headers: dict[str, str], send: bool) -> None:
            self.send_response(status)
            always = {"Content-Length": str(len(body)), "Connection": "close"}
            for name, value in {**always, **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if send:
                self.wfile.write(body)

        def json(self, content: object, send: bool) -> None:
            body = json.dumps(content).encode()
            self.reply(200, body, {"Content-Type": "application/json"}, send)

        def refuse(self, code: str) -> None:
            self.reply(404, b"{}", {"X-Error-Code": code, "X-Error-Message": code}, True)

        def answer(self, send: bool) -> None:
            path = self.path.partition("?")[0].lstrip("/")
            hub.requests.append(f"{self.command} {path}")
            if hub.repository not in path:
                return self.refuse("RepoNotFound")
            if path == f"api/models/{hub.repository}/refs":
                branches = [
                    {"name": r, "ref": f"refs/heads/{r}", "targetCommit": hub.commit(r)}
                    for r in hub.revisions
                ]
                return self.json({"branches": branches, "converts": [], "tags": []}, send)
            if asked := re.fullmatch(rf"api/models/{hub.repository}/revision/([^/]+)", path):
                revision = hub.find(asked[1])
                if revision is None:
                    return self.refuse("RevisionNotFound")
                files = [{"rfilename": p.name} for p in sorted(hub.revisions[revision].iterdir())]
                found = {"id": hub.repository, "sha": hub.commit(revision), "siblings": files}
                return self.json(found, send)
            if asked := re.fullmatch(rf"api/models/{hub.repository}/tree/([^/]+)", path):
                revision = hub.find(asked[1])
                if revision is None:
                    return self.refuse("RevisionNotFound")
                entries = [_entry(p) for p in sorted(hub.revisions[revision].iterdir())]
                return self.json(entries, send)
            asked = re.fullmatch(rf"{hub.repository}/resolve/([^/]+)/(.+)", path)
            revision = hub.find(asked[1]) if asked else None
            if asked is None or revision is None:
                return self.refuse("RevisionNotFound")
            file = hub.revisions[revision] / asked[2]
            if not file.is_file():
                return self.refuse("EntryNotFound")
            return self.file(file, revision, send)

        def file(self, file: Path, revision: str, send: bool) -> None:
            true = file.read_bytes()
            body = hub.served.get((revision, file.name), true)
            size = hub.announced.get((revision, file.name), len(body))
            headers = {"X-Repo-Commit": hub.commit(revision)}
            if file.suffix in LARGE:
                headers["X-Linked-Etag"] = f'"{hashlib.sha256(true).hexdigest()}"'
                headers["X-Linked-Size"] = str(size)
                headers["ETag"] = headers["X-Linked-Etag"]
            else:
                headers["ETag"] = f'"{_git_hash(true)}"'
            self.reply(200, body, headers, send)

    return Handler


@contextmanager
def serve(hub: Hub) -> Iterator[str]:
    """The address of a running Hub."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
