"""What stands around a gateway that people log in at: a provider of few words, a clock, and a browser with cookies."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from hotgate.keys.sealing_ring import SealingKey, SealingRing, SealingRingHolder
from wire.message import Message
from wire.samples import ok
from wire.scenario import Wire

NOW = 1_800_000_000.0
PROVIDER = "https://idp.test/authorize"
NAVIGATION = ("Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", "Accept: text/html")
CODE = "code-of-one-use"
COOKIE = "__Host-hotgate-sso"


def oidc(**settings: Any) -> dict[str, Any]:
    """An entry of `identity`."""
    client = {"id": "gateway", "secret": "s" * 32}
    return {"oidc": {"issuer": "https://idp.test", "client": client, **settings}}


class LoginDesk:
    """The control process. asked: (about, body) of every question. down: about what it does not answer.

    session: what a login gives. refreshed: what a refresh answers. revoked: ids of sessions. records: those on our
    side.
    """

    def __init__(self) -> None:
        self.now = NOW
        self.version = 0
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.down: set[str] = set()
        self.session: dict[str, Any] = {
            "subject": "u1",
            "sid": "s1",
            "claims": {"sub": "u1", "iss": "https://idp.test", "groups": ["staff"], "iat": NOW},
            "acr": None,
            "auth_time": NOW,
            "tokens": {"access": "at-1", "access_expires": NOW + 3600, "refresh": "rt-1", "id_token": "id-1"},
        }
        self.completed: dict[str, Any] | None = None
        self.refreshed: dict[str, Any] = {"over": True}
        self.revoked: set[str | None] = set()
        self.records: dict[str, dict[str, Any]] = {}
        self.keys = SealingRingHolder()
        self.keys.ring = SealingRing([SealingKey.generate(NOW)])
        self._claimed: set[str] = set()

    @property
    def services(self) -> dict[str, Any]:
        """What a worker has of it."""
        return {"ask": self.ask, "session_keys": self.keys, "wall_clock": lambda: self.now, "credentials": self}

    def is_revoked(self, provider: str, jti: str | None, *_: object) -> bool:
        """As the store says."""
        return jti in self.revoked

    def revoke(self, session: str) -> None:
        """End a session."""
        self.revoked.add(session)
        self.version += 1

    def questions(self, about: str) -> list[dict[str, Any]]:
        """Those about something."""
        return [body for each, body in self.asked if each == about]

    async def ask(self, about: str, body: Any, wait: float | None = None) -> Any:
        """The answer, of JSON types as on the wire."""
        self.asked.append((about, json.loads(json.dumps(body))))
        if about in self.down:
            raise ConnectionError("the control process is gone")
        answer = getattr(self, f"_{about.replace('.', '_')}")(body)
        return json.loads(json.dumps(answer))

    def _oidc_begin(self, body: Mapping[str, Any]) -> Any:
        return {"location": f"{PROVIDER}?{urlencode({'state': body['state'], 'nonce': body['nonce']})}"}

    def _oidc_complete(self, body: Mapping[str, Any]) -> Any:
        return self.completed or {"session": self.session}

    def _oidc_refresh(self, body: Mapping[str, Any]) -> Any:
        return self.refreshed

    def _single_use(self, body: Mapping[str, Any]) -> bool:
        is_first = body["jti"] not in self._claimed
        self._claimed.add(body["jti"])
        return is_first

    def _session_create(self, body: Mapping[str, Any]) -> Any:
        self.records[body["digest"]] = {"sealed": body["sealed"], "version": 1, "last_seen": self.now}
        return {"version": 1}

    def _session_load(self, body: Mapping[str, Any]) -> Any:
        return self.records.get(body["digest"])

    def _session_replace(self, body: Mapping[str, Any]) -> Any:
        record = self.records.get(body["digest"])
        if record is None or record["version"] != body["version"]:
            return None
        record.update(sealed=body["sealed"], version=body["version"] + 1, last_seen=self.now)
        return {"version": record["version"]}

    def _session_touch(self, body: Mapping[str, Any]) -> bool:
        for digest, seen in body["used"].items():
            self.records[digest]["last_seen"] = seen
        return True

    def _session_end(self, body: Mapping[str, Any]) -> bool:
        self.records.pop(body["digest"], None)
        self.revoke(body["id"])
        return True


class Browser:
    """Keeps `__Host-` cookies as browsers do (RFC 6265bis §5.7), and follows no redirect by itself."""

    def __init__(self, wire: Wire, desk: LoginDesk, host: str = "localhost") -> None:
        self.wire = wire
        self.desk = desk
        self.host = host
        self.cookies: dict[str, str] = {}
        self._ends: dict[str, float] = {}

    async def asks(self, target: str, *fields: str, method: str = "GET") -> Message:
        """Ask for something that the gateway answers itself."""
        client = await self.wire.send(self._request(target, fields, method))
        answer = await client.message(to_head=method == "HEAD")
        self._keep(answer)
        return answer

    async def visits(self, target: str) -> Message:
        """Load a page that the gateway answers itself."""
        return await self.asks(target, *NAVIGATION)

    async def reaches(self, target: str, *fields: str, method: str = "GET", says: str = "") -> tuple[Message, Message]:
        """Ask for something that the backend answers: (what it got, what the browser got). says: a field of its own."""
        answered = ok(b"ok", "Connection: close", *([says] if says else []))
        received, answer = await self.wire.exchange(self._request(target, fields or NAVIGATION, method), answered)
        self._keep(answer)
        return received, answer

    async def logs_in(self, target: str = "/page") -> Message:
        """Load a page, log in at the provider, and come back: the answer of the callback."""
        return await self.comes_back(await self.visits(target))

    async def comes_back(self, sent_away: Message, **parameters: str) -> Message:
        """What the provider sends the browser to after a login that this answer began."""
        return await self.visits(callback(sent_away, **parameters))

    def _request(self, target: str, fields: tuple[str, ...], method: str) -> bytes:
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self.host}", *fields]
        for name in [name for name, end in self._ends.items() if end <= self.desk.now]:
            self.cookies.pop(name, None)
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        if method == "POST":
            lines.append("Content-Length: 0")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def _keep(self, answer: Message) -> None:
        for field in answer.get_all(b"set-cookie"):
            pair, *attributes = field.decode("ascii").split("; ")
            name, _, value = pair.partition("=")
            assert name.startswith("__Host-")
            assert {"Path=/", "Secure", "HttpOnly"} <= set(attributes), attributes
            assert not any(each.startswith("Domain") for each in attributes)
            assert len(pair) <= 4096
            ages = [int(each.removeprefix("Max-Age=")) for each in attributes if each.startswith("Max-Age=")]
            self._ends.pop(name, None)
            if ages == [0]:
                self.cookies.pop(name, None)
                continue
            self.cookies[name] = value
            if ages:
                self._ends[name] = self.desk.now + ages[0]


def scene(wire: Wire) -> tuple[LoginDesk, Browser]:
    """A desk, which the gateway of a scenario asks from now on, and a browser."""
    desk = LoginDesk()
    wire.gateway.reconfigure(wire.gateway.configuration, desk.services)
    return desk, Browser(wire, desk)


def location(answer: Message) -> str:
    """Where an answer sends the browser."""
    return (answer.get(b"location") or b"").decode("ascii")


def callback(sent_away: Message, **parameters: str) -> str:
    """The target of the callback that belongs to a login."""
    state = parse_qs(urlsplit(location(sent_away)).query)["state"][0]
    return f"/.hotgate/sso/callback?{urlencode({'code': CODE, 'state': state, **parameters})}"
