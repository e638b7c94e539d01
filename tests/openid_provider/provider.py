"""The provider's process, and what tests ask of it."""

import json
import secrets
import ssl
import subprocess
import tempfile
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from node_packages import node_program
from openid_provider.settings import SECRET, Settings
from openid_provider.user_agent import UserAgent

_SECONDS = 30  # only a failing test takes so long


class OpenIdProvider:
    """issuer: its URL. metadata: what discovery says (OpenID Connect Discovery §3), and where its endpoints are."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        """folder: a new one, for the program."""
        self.settings = settings
        node = node_program(Path(__file__).parent, folder)
        command = [node, "server.mjs", json.dumps(asdict(settings))]
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError((folder / "log").read_text())
        self.issuer: str = json.loads(line)["issuer"]
        self._verify = ssl.create_default_context(cadata=settings.tls["ca"]) if settings.tls else True
        self._http = httpx.Client(base_url=self.issuer, trust_env=False, timeout=_SECONDS, verify=self._verify)
        self.metadata: dict[str, Any] = self._http.get("/.well-known/openid-configuration").json()

    def stop(self) -> None:
        """End the process; from then on connections to it are refused."""
        self._http.close()
        self._process.kill()
        self._process.communicate()

    def user_agent(self) -> UserAgent:
        """A new browser, in which nobody is signed in."""
        return UserAgent(self.issuer, verify=self._verify)

    def client_credentials(self, client_id: str = "service", **parameters: str) -> str:
        """An access token (RFC 6749 §4.4). parameters: `resource`, `scope`."""
        answer = self.token(client_id, grant_type="client_credentials", **parameters)
        access_token: str = answer["access_token"]
        return access_token

    def token(self, client_id: str, **parameters: str) -> dict[str, Any]:
        """What the token endpoint answers to a client with SECRET."""
        return self._post("token_endpoint", client_id, parameters)

    def introspect(self, token: str, client_id: str = "service") -> dict[str, Any]:
        """What it says about a token (RFC 7662)."""
        return self._post("introspection_endpoint", client_id, {"token": token})

    def revoke(self, token: str, client_id: str = "service") -> None:
        """Revoke a token of that client (RFC 7009)."""
        self._http.post(self.metadata["revocation_endpoint"], data={"token": token}, auth=(client_id, SECRET))

    def sign_in(self, login: str, client_id: str, agent: UserAgent | None = None, **parameters: str) -> dict[str, Any]:
        """All tokens of a user, by the authorization code flow with PKCE.

        agent: whose session it becomes. parameters: `scope`, `resource`, `acr_values`, …
        """
        verifier = secrets.token_urlsafe(32)
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        redirect_uri = self._redirect_uri(client_id)
        query = {
            "client_id": client_id,
            "response_type": "code",
            "scope": "openid",
            "redirect_uri": redirect_uri,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **parameters,
        }
        agent = agent or self.user_agent()
        landed = agent.visit(f"{self.metadata['authorization_endpoint']}?{urlencode(query)}", login)
        code = parse_qs(urlsplit(landed).query)["code"][0]
        grant = {"grant_type": "authorization_code", "redirect_uri": redirect_uri, "code_verifier": verifier}
        return self.token(client_id, code=code, **grant)

    def rotate_keys(self, *, forget: bool = False) -> None:
        """Sign with new keys from now on. forget: the old ones are published no longer."""
        self._control("rotate", forget=forget)

    def end_sessions(self, login: str) -> list[dict[str, Any]]:
        """End all sessions of a user, as an operator does, and return which clients were told, with their `sid`.

        Told is who has a `backchannel_logout_uri`; then `error` is None, or what went wrong.
        """
        told: list[dict[str, Any]] = self._control("end_sessions", login=login)["told"]
        return told

    def tell_of_logout(self, client_id: str, login: str, sid: str) -> None:
        """Send a client a logout token for that session, whether there is one or not. It must take it."""
        self._control("tell", client_id=client_id, login=login, sid=sid)

    def front_channel_page(self, uri: str) -> str:
        """The URL of a page of the provider with a frame that shows `uri`, as a logout by the front channel has it."""
        return f"{self.issuer}/frame?{urlencode({'uri': uri})}"

    def fault(self, path: str, status: int = 503, body: str = "", **more: Any) -> None:
        """Let a path answer so from now on.

        more: `headers`; `times`, how often; `hangs=True`, never answer; `breaks=True`, close the connection.
        """
        self._control("fault", path=path, status=status, body=body, **more)

    def heal(self) -> None:
        """No faults any more."""
        self._control("heal")

    def requests(self, path: str) -> int:
        """How many have come to a path until now."""
        return int(self._control("requests").get(path, 0))

    def clock(self, seconds: int) -> None:
        """Set its clock so far ahead of the true time: below zero, what it issues now is as old."""
        self._control("clock", seconds=seconds)

    def _post(self, endpoint: str, client_id: str, data: dict[str, str]) -> dict[str, Any]:
        response = self._http.post(self.metadata[endpoint], data=data, auth=(client_id, SECRET))
        if response.status_code != 200:
            raise AssertionError(f"{response.status_code}: {response.text}")
        answer: dict[str, Any] = response.json()
        return answer

    def _redirect_uri(self, client_id: str) -> str:
        found = next(each for each in self.settings.clients if each["client_id"] == client_id)
        uri: str = found["redirect_uris"][0]
        return uri

    def _control(self, what: str, **arguments: Any) -> dict[str, Any]:
        response = self._http.post(f"/control/{what}", json=arguments)
        if response.status_code != 200:
            raise AssertionError(response.text)
        answer: dict[str, Any] = response.json()
        return answer


@contextmanager
def openid_provider(settings: Settings | None = None) -> Iterator[OpenIdProvider]:
    """A running provider that ends with the block."""
    with tempfile.TemporaryDirectory(prefix="hotgate-provider-") as folder:
        provider = OpenIdProvider(settings or Settings(), Path(folder) / "provider")
        try:
            yield provider
        finally:
            provider.stop()
