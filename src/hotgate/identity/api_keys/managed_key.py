"""Keys that the gateway makes: `hg_<environment>_<id>_<secret><checksum>`, such as hg_live_0Hk3…_9fQz….

The prefix lets leak scanners recognise a key, and the checksum lets them (and a gateway) tell a real one from a typo
without asking anybody, as with GitHub's tokens. The id is public and names the key in logs. The store holds a keyed
digest only: whoever steals it without the pepper cannot even test a guess.
"""

import re
import secrets
from dataclasses import dataclass
from zlib import crc32

_PREFIX = "hg_"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID_LENGTH = 12  # 71 bits: two ids never meet
_SECRET_LENGTH = 32  # 190 bits
_CHECKSUM_LENGTH = 6  # 62**6 > 2**32
_HINT_LENGTH = 4
_SHORTEST_WITH_HINT = 24

DEFAULT_ENVIRONMENT = "live"
ENVIRONMENT = r"[a-z0-9]{1,16}"
PATTERN = rf"hg_{ENVIRONMENT}_[0-9A-Za-z]{{{_ID_LENGTH}}}_[0-9A-Za-z]{{{_SECRET_LENGTH + _CHECKSUM_LENGTH}}}"
"""The regular expression by which a leak scanner finds keys; `is_well_formed` tells which of them are real."""

_WHOLE = re.compile(PATTERN.encode("ascii"))
_BEGINNING = re.compile(rf"hg_{ENVIRONMENT}_([0-9A-Za-z]{{{_ID_LENGTH}}})_")
_ENVIRONMENT = re.compile(ENVIRONMENT)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that has just been made. text: the secret, to be shown once and then forgotten."""

    id: str
    text: str

    def __repr__(self) -> str:
        return f"<NewKey {self.id}>"


def generate(environment: str) -> NewKey:
    """A new random key. Raises ValueError for an environment that is not 1 to 16 of a-z and 0-9."""
    if not _ENVIRONMENT.fullmatch(environment):
        raise ValueError("an environment is 1 to 16 lower-case letters and digits")
    key_id, secret = _random(_ID_LENGTH), _random(_SECRET_LENGTH)
    body = f"{_PREFIX}{environment}_{key_id}_{secret}"
    return NewKey(key_id, body + checksum(body.encode("ascii")))


def new_id() -> str:
    """An id for a key that was made elsewhere."""
    return _random(_ID_LENGTH)


def is_typo(presented: bytes) -> bool:
    """Whether it begins as our keys do, but cannot be one. What begins otherwise may be an imported key."""
    return presented.startswith(b"hg_") and not is_well_formed(presented)


def id_within(text: str) -> str | None:
    """The id of the key that a text is or begins as; None if it does not look like a key."""
    found = _BEGINNING.match(text)
    return found[1] if found else None


def is_well_formed(presented: bytes) -> bool:
    """Whether it has the form of our keys, and the right checksum."""
    if not _WHOLE.fullmatch(presented):
        return False
    return presented[-_CHECKSUM_LENGTH:] == checksum(presented[:-_CHECKSUM_LENGTH]).encode("ascii")


def checksum(body: bytes) -> str:
    """CRC-32 of everything before it, in six base-62 digits. It detects typos and protects nothing."""
    number, digits = crc32(body), ""
    for _ in range(_CHECKSUM_LENGTH):
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits


def hint(key: str) -> str:
    """What a list shows, so that an owner recognises the key: its last four characters, of our own keys the checksum's.

    Nothing of a short key, of which they would be too large a part.
    """
    return key[-_HINT_LENGTH:] if len(key) >= _SHORTEST_WITH_HINT else ""


def _random(length: int) -> str:
    return "".join(secrets.choice(_DIGITS) for _ in range(length))
