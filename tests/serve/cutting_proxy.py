"""Something between client and server that cuts the first connection."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class CuttingProxy:
    """Passes connections on to a port of loopback, one after the other; the first is cut after so many bytes of the
    answer. requests, answers: the head of each."""

    def __init__(self, port: int, cut_after: int):
        self.requests: list[bytes] = []
        self.answers: list[bytes] = []
        self._target = port
        self._cut_after = cut_after
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> CuttingProxy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()

    def _run(self) -> None:
        limit = self._cut_after
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            with client, socket.create_connection(("127.0.0.1", self._target)) as server, suppress(ConnectionError):
                self._pass(client, server, limit)
            limit = 1 << 62

    def _pass(self, client: socket.socket, server: socket.socket, limit: int) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            request += client.recv(1 << 16)
        self.requests.append(request)
        # So that the end of the answer is the end of the connection.
        server.sendall(request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
        self.answers.append(b"")
        while limit > 0 and (data := server.recv(1 << 16)):
            self.answers[-1] = (self.answers[-1] + data)[:2000]
            client.sendall(data[:limit])
            limit -= len(data)
