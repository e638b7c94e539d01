"""Stands in for Open Policy Agent: the documented contract of its data API, with policies in Python.

openpolicyagent.org/docs/rest-api: POST /v1/data/{path} with {"input": …} answers 200 with {"result": …}, and without
`result` where the document is not defined; a body that is no JSON is answered 400. Strict: whatever else a client may
send is an error here, so that tests see it.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any


class OpaServer:
    """documents: by path, a function from the input to the result; None: not defined. inputs: what was asked."""

    def __init__(self, documents: Mapping[str, Callable[[Any], Any]]) -> None:
        self._documents = documents
        self._server: asyncio.Server
        self._connections: list[asyncio.StreamWriter] = []
        self.port = 0
        self.inputs: list[Any] = []

    async def __aenter__(self) -> "OpaServer":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._connections:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.append(writer)
        try:
            while True:
                line, *fields = (await reader.readuntil(b"\r\n\r\n"))[:-4].decode().split("\r\n")
                lengths = [int(field.partition(":")[2]) for field in fields if field.startswith("content-length:")]
                status, answer = self._answer(line, fields, await reader.readexactly(lengths[0]))
                body = json.dumps(answer).encode()
                head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                writer.write(head.encode() + body)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _answer(self, line: str, fields: list[str], body: bytes) -> tuple[int, dict[str, Any]]:
        method, target, _ = line.split(" ")
        if method != "POST" or not target.startswith("/v1/data/") or "content-type: application/json" not in fields:
            return 405, {"code": "method_not_allowed", "message": "not a question"}
        try:
            document = json.loads(body)
        except ValueError:
            return 400, {"code": "invalid_parameter", "message": "no JSON"}
        if set(document) != {"input"}:
            return 400, {"code": "invalid_parameter", "message": "not an input document"}
        self.inputs.append(document["input"])
        decide = self._documents.get(target.removeprefix("/v1/data/"), _undefined)
        result = decide(self.inputs[-1])
        return 200, {"decision_id": "d-1"} | ({} if result is None else {"result": result})


def _undefined(asked: Any) -> Any:
    return None
