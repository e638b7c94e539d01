"""Logins that are under way in a browser: each in a sealed cookie of its own, so that several tabs can log in."""

import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any

from hotgate.http.headers import Field
from hotgate.identity.base64url import encode
from hotgate.identity.sessions.cookies import clear_cookie, set_cookie
from hotgate.identity.sessions.sealing import Sealing

LIFE = 600.0  # seconds that a login may take
MAX_OPEN = 5  # logins of one browser; a sixth takes the place of the oldest
_RANDOM_BYTES = 32  # of state, nonce and verifier (RFC 7636 §7.1 wants 32 of the verifier)
_ID_LENGTH = 12  # characters of the state by which its cookie is found
_PART = "login~"


@dataclass(frozen=True, slots=True)
class Transaction:
    """state, nonce, verifier: random, only for this login. redirect_uri: as the provider was told. return_to: a path.
    created: epoch seconds. acr_values, max_age: what a step-up demands, or None. is_done: it has been used; what is
    left of it is where a browser that comes back once more belongs."""

    redirect_uri: str
    return_to: str
    created: float
    state: str
    nonce: str
    verifier: str
    acr_values: str | None = None
    max_age: float | None = None
    is_done: bool = False

    @classmethod
    def begun(
        cls,
        redirect_uri: str,
        return_to: str,
        now: float,
        acr_values: str | None = None,
        max_age: float | None = None,
    ) -> "Transaction":
        """A new one."""
        state, nonce, verifier = (secrets.token_urlsafe(_RANDOM_BYTES) for _ in range(3))
        return cls(redirect_uri, return_to, now, state, nonce, verifier, acr_values, max_age)

    @property
    def challenge(self) -> str:
        """S256 of the verifier (RFC 7636 §4.2)."""
        return encode(sha256(self.verifier.encode("ascii")).digest()).decode("ascii")

    @property
    def is_step_up(self) -> bool:
        """Whether somebody who was logged in had to prove more."""
        return self.acr_values is not None or self.max_age is not None

    def __repr__(self) -> str:
        return "<Transaction>"


class LoginTransactions:
    """Those of one entry. name: of its cookies. now: epoch seconds."""

    def __init__(self, name: str, sealing: Sealing, now: Callable[[], float]) -> None:
        self._name = name
        self._sealing = sealing
        self._now = now

    def kept(self, transaction: Transaction, parts: Mapping[str, bytes]) -> tuple[Field, ...]:
        """The fields that keep one, and remove what the browser has too many of. parts: its cookies of the entry."""
        opened = {part: self._opened(value) for part, value in parts.items() if part.startswith(_PART)}
        useless = [part for part, each in opened.items() if each is None]
        useful = sorted((each.created, part) for part, each in opened.items() if each is not None)
        too_many = [part for _, part in useful[: max(0, len(useful) - MAX_OPEN + 1)]]
        return (self._set(transaction), *(clear_cookie(f"{self._name}~{part}") for part in [*useless, *too_many]))

    def find(self, state: str, parts: Mapping[str, bytes]) -> Transaction | None:
        """The login that this state belongs to, in this browser and in time."""
        value = parts.get(_part_of(state))
        found = None if value is None else self._opened(value)
        if found is None or not hmac.compare_digest(found.state.encode(), state.encode()):
            return None
        return found

    def done(self, transaction: Transaction) -> Field:
        """The field that keeps of a finished login where it led to."""
        return self._set(replace(transaction, nonce="", verifier="", is_done=True))

    def _set(self, transaction: Transaction) -> Field:
        sealed = self._sealing.seal(json.dumps(asdict(transaction), separators=(",", ":")).encode("ascii"))
        left = max(1, round(transaction.created + LIFE - self._now()))
        # Lax, whatever the session has: the provider sends the browser here from another site.
        return set_cookie(f"{self._name}~{_part_of(transaction.state)}", sealed, "lax", left)

    def _opened(self, value: bytes) -> Transaction | None:
        plain = self._sealing.open(value)
        if plain is None:
            return None
        try:
            content: dict[str, Any] = json.loads(plain)
            found = Transaction(**content)
        except (ValueError, TypeError):
            return None  # written by another version
        return found if self._now() < found.created + LIFE else None


def _part_of(state: str) -> str:
    return _PART + state[:_ID_LENGTH]
