"""Apache's `$apr1$`: MD5, a thousand times over. Known only so that such passwords can be taken over (see `wrapped`).

The algorithm is fixed by what `htpasswd -m` has written since 1998; the odd steps are its own.
"""

import re
from hashlib import md5

_ALPHABET = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ROUNDS = 1000
_MAGIC = b"$apr1$"
_ORDER = ((0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5))  # bytes of a digest that are written together

is_apache_md5 = re.compile(r"\$apr1\$([./0-9A-Za-z]{1,8})\$[./0-9A-Za-z]{22}").fullmatch


def apache_md5(password: bytes, salt: bytes) -> bytes:
    """The whole hash, as htpasswd writes it."""
    inner = md5(password + salt + password, usedforsecurity=False).digest()
    start = password + _MAGIC + salt + (inner * (len(password) // 16 + 1))[: len(password)]
    length = len(password)
    while length:
        start += b"\0" if length & 1 else password[:1]
        length >>= 1
    digest = md5(start, usedforsecurity=False).digest()
    for number in range(_ROUNDS):
        digest = md5(_mixed(number, digest, password, salt), usedforsecurity=False).digest()
    return b"%b%b$%b" % (_MAGIC, salt, _written(digest))


def _mixed(number: int, digest: bytes, password: bytes, salt: bytes) -> bytes:
    first, last = (password, digest) if number & 1 else (digest, password)
    return first + (salt if number % 3 else b"") + (password if number % 7 else b"") + last


def _written(digest: bytes) -> bytes:
    text = b"".join(_digits(digest[a] << 16 | digest[b] << 8 | digest[c], 4) for a, b, c in _ORDER)
    return text + _digits(digest[11], 2)


def _digits(value: int, count: int) -> bytes:
    return bytes(_ALPHABET[value >> 6 * place & 0x3F] for place in range(count))
