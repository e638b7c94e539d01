"""An operator with a token and an HTTP client."""

import http.client
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from integration.conftest import DEADLINE, TOKEN, Gateway


class Answered(NamedTuple):
    """body: the JSON of the answer, or None if it has none."""

    status: int
    body: Any
    fields: Mapping[str, str]


class Operator:
    """Asks the admin API. token: what is shown."""

    def __init__(self, gateway: Gateway, token: str = TOKEN) -> None:
        self._port = gateway.admin_port
        self._token = token

    def ask(self, method: str, path: str, body: Any = None, fields: Mapping[str, str] | None = None) -> Answered:
        """path: below /api/v1. body: JSON, or bytes as they are."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=DEADLINE)
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json", **(fields or {})}
        try:
            connection.request(method, f"/api/v1{path}", content, headers)
            answer = connection.getresponse()
            text = answer.read()
            return Answered(answer.status, json.loads(text) if text else None, dict(answer.headers.items()))
        finally:
            connection.close()

    def make(self, path: str, **members: Any) -> Any:
        """What a POST has made."""
        answer = self.ask("POST", path, members)
        assert answer.status == 201, answer
        return answer.body
