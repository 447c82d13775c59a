"""The sandbox as a real HTTP server."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
import time
import traceback
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from types import TracebackType
from typing import cast

from integrations.sandbox.core import ConnectionLost, Request, Response, Sandbox

_MAX_LINE = 65_536
_MAX_HEADERS = 200
_REASONS = {status.value: status.phrase for status in HTTPStatus}
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class SandboxServer(ThreadingHTTPServer):
    """Serves one sandbox; a thread per connection. Port 0 takes a free one, which `url` then tells."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0) -> None:
        self.sandbox = sandbox
        super().__init__((host, port), _Connection)

    @property
    def url(self) -> str:
        """The address without a slash at the end."""
        return f"http://{self.server_name}:{self.server_port}"

    def server_bind(self) -> None:
        """Bind without HTTPServer's reverse look-up of the host's name, which may take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Close at once: a polite shutdown first would turn a reset into an orderly end."""
        self.close_request(request)


class _Connection(socketserver.StreamRequestHandler):
    """One kept-alive connection. Parses by hand: http.server's own parser costs more than the products do."""

    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 300

    def handle(self) -> None:
        sandbox = cast(SandboxServer, self.server).sandbox
        try:
            while (request := self._read()) is not None:
                if not self._answer(sandbox, request):
                    return
        except (ConnectionError, TimeoutError, ValueError):
            return

    def _answer(self, sandbox: Sandbox, request: Request) -> bool:
        try:
            response = sandbox.handle(request)
        except ConnectionLost:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            return False
        except Exception:  # A mistake of the sandbox must not look like a fault that somebody asked for.
            response = Response.of_json({"error": f"The sandbox failed: {traceback.format_exc()}"}, 500)
        if response.delay:
            time.sleep(response.delay)
        return self._write(response, request) and request.headers.get("connection", "").lower() != "close"

    def _read(self) -> Request | None:
        line = self.rfile.readline(_MAX_LINE)
        while line == b"\r\n":
            line = self.rfile.readline(_MAX_LINE)
        parts = line.split()
        if len(parts) != 3:
            return None
        headers: dict[str, str] = {}
        for _ in range(_MAX_HEADERS):
            header = self.rfile.readline(_MAX_LINE)
            if header in (b"\r\n", b"\n", b""):
                break
            name, _, value = header.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        body = self._read_body(headers)
        return Request.from_url(parts[0].decode(), parts[1].decode("latin-1"), headers=headers, body=body)

    def _read_body(self, headers: dict[str, str]) -> bytes:
        if headers.get("expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return self._read_chunks()
        length = int(headers.get("content-length") or 0)
        return self.rfile.read(length) if length else b""

    def _read_chunks(self) -> bytes:
        chunks: list[bytes] = []
        while size := int(self.rfile.readline(_MAX_LINE).partition(b";")[0] or b"0", 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline(_MAX_LINE)
        while self.rfile.readline(_MAX_LINE) not in (b"\r\n", b"\n", b""):
            pass
        return b"".join(chunks)

    def _write(self, response: Response, request: Request) -> bool:
        headers = {"Content-Length": str(len(response.body)), **response.headers}
        head = [f"HTTP/1.1 {response.status} {_REASONS.get(response.status, 'Unknown')}"]
        head.extend(f"{name}: {value}" for name, value in headers.items())
        self.wfile.write("\r\n".join([*head, "", ""]).encode("latin-1", "replace"))
        if request.method != "HEAD":
            self.wfile.write(response.body)
        self.wfile.flush()
        return int(headers["Content-Length"]) == len(response.body)


class ThreadedSandboxServer:
    """A server in a thread of this process, for tests: `with ThreadedSandboxServer(sandbox) as server: server.url`."""

    def __init__(self, sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0) -> None:
        self.sandbox = sandbox
        self._server = SandboxServer(sandbox, host, port)
        self._thread = threading.Thread(target=self._serve, name="sandbox-server", daemon=True)
        self._ready = threading.Event()

    @property
    def url(self) -> str:
        """The address without a slash at the end."""
        return self._server.url

    def __enter__(self) -> ThreadedSandboxServer:
        self._thread.start()
        self._ready.wait(5)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def _serve(self) -> None:
        self._ready.set()
        self._server.serve_forever(poll_interval=0.05)
