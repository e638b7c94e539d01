"""Hashes of passwords, made and checked: argon2id (RFC 9106), bcrypt as other servers have written it, and old digests
wrapped in argon2id.

A wrapped one is `$wrapped$<kind>$<salt>$<argon2id>`: argon2id of what the old scheme makes of the password. So a list
of weak digests becomes a list that is hard to guess from, although nobody types a password again.
"""

import hashlib
from base64 import b64encode

import argon2
import bcrypt

from hotgate.identity.passwords.apache_md5 import apache_md5, is_apache_md5
from hotgate.identity.passwords.password_format import checked, is_bcrypt, is_sha1, is_wrapped

# OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane. More would let few logins fill a gateway's memory.
_HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_BCRYPT_BYTES = 72  # bcrypt reads no further


def hashed(password: str) -> str:
    """A new argon2id hash."""
    return _HASHER.hash(password)


def imported(hash_: str) -> str:
    """What to keep of a hash of an htpasswd file. Raises UnusableHash."""
    if is_sha1(hash_):
        return f"$wrapped$sha1${_HASHER.hash(hash_)}"
    if found := is_apache_md5(hash_):
        return f"$wrapped$apr1${found[1]}{_HASHER.hash(hash_)}"
    return checked(hash_)


def is_correct(hash_: str, password: str) -> bool:
    """Whether the password belongs to a hash that was `checked`. Takes tens of milliseconds, without the GIL."""
    if is_bcrypt(hash_):
        sent = password.encode()
        # Newer versions of the library refuse a longer one; what others have hashed of it are the first 72 bytes.
        return bcrypt.checkpw(sent[:_BCRYPT_BYTES], hash_.replace("$2y$", "$2b$", 1).encode("ascii"))
    if found := is_wrapped(hash_):
        return _verified(found["outer"], _old_digest(found[1], found[2], password.encode()))
    return _verified(hash_, password)


def _verified(argon2id: str, password: str) -> bool:
    try:
        return _HASHER.verify(argon2id, password)
    except argon2.exceptions.VerificationError:
        return False


def _old_digest(kind: str, salt: str, password: bytes) -> str:
    if kind == "apr1":
        return apache_md5(password, salt.encode("ascii")).decode("ascii")
    return "{SHA}" + b64encode(hashlib.sha1(password, usedforsecurity=False).digest()).decode("ascii")
