"""What a browser sees at the demo's provider: a page to choose who to be, and the way back with a code."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import urlencode, urlsplit

from hotgate.demo.provider.kept import Kept

PEOPLE = ("alice", "bob")
_STYLE = "font-family: system-ui; max-width: 24rem; margin: 20vh auto; text-align: center"
_TITLE = "The demo's identity provider"

Request = Mapping[str, str]


class Logins:
    """client: the one whose browsers are taken."""

    def __init__(self, client: str) -> None:
        self._client = client
        self._asked: Kept[Request] = Kept()
        self._codes: Kept[Request] = Kept()

    def page(self, request: Request) -> str:
        """Who do you want to be? Raises ValueError for what the client would not ask."""
        place = urlsplit(request.get("redirect_uri", ""))
        if place.hostname not in ("127.0.0.1", "localhost") or request.get("client_id") != self._client:
            raise ValueError("This is for the demo's gateway only.")
        if request.get("response_type") != "code" or request.get("code_challenge_method") != "S256":
            raise ValueError("This gives codes only, and only with PKCE (S256).")
        return _page(self._asked.add(dict(request)))

    def chosen(self, login: str, person: str, issuer: str) -> str:
        """Where the browser goes with its code. login: of the page. Raises ValueError for a page that is gone."""
        asked = self._asked.pop(login)
        if asked is None or person not in PEOPLE:
            raise ValueError("This page was used, or is too old: start again.")
        code = self._codes.add({**asked, "person": person})
        # The issuer is named, so that a client of several providers cannot be confused (RFC 9207).
        answer = {"code": code, "state": asked.get("state", ""), "iss": issuer}
        return f"{asked['redirect_uri']}?{urlencode(answer)}"

    def redeemed(self, form: Request) -> Request | None:
        """The login that a code stands for, once, if who has it also has its verifier (RFC 7636 §4.6)."""
        login = self._codes.pop(form.get("code", ""))
        digest = sha256(form.get("code_verifier", "").encode()).digest()
        challenge = urlsafe_b64encode(digest).rstrip(b"=").decode()
        proved = {"code_challenge": challenge, "redirect_uri": form.get("redirect_uri")}
        fits = login is not None and all(login.get(name) == value for name, value in proved.items())
        return login if fits else None


def _page(login: str) -> str:
    buttons = "".join(
        f'<p><button name="person" value="{each}">Continue as {each.title()}</button></p>' for each in PEOPLE
    )
    form = f'<form method="post"><input type="hidden" name="login" value="{login}">{buttons}</form>'
    return f'<!doctype html><title>{_TITLE}</title><body style="{_STYLE}"><h1>{_TITLE}</h1>{form}'
