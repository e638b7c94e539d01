"""Which hashes of passwords are accepted, by how they are written. Workers read this: it needs no argon2."""

import re

from hotgate.identity.passwords.apache_md5 import is_apache_md5

_GREATEST_MEMORY, _MOST_PASSES, _MOST_LANES = 65_536, 8, 4  # KiB; what a hash of a file may demand of us
_ARGON2ID = (
    r"\$argon2id\$v=19\$m=([0-9]{1,7}),t=([0-9]{1,3}),p=([0-9]{1,2})\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}"
)

is_argon2id = re.compile(_ARGON2ID).fullmatch
is_bcrypt = re.compile(r"\$2[aby]\$(0[4-9]|1[0-4])\$[./A-Za-z0-9]{53}").fullmatch
is_sha1 = re.compile(r"\{SHA\}[A-Za-z0-9+/]{27}=").fullmatch
is_wrapped = re.compile(rf"\$wrapped\$(sha1|apr1)\$([./0-9A-Za-z]{{0,8}})(?P<outer>{_ARGON2ID})").fullmatch
_is_crypt = re.compile(r"\$(1|5|6|y)\$.*|[./A-Za-z0-9]{13}").fullmatch


class UnusableHash(ValueError):
    """It is of a kind that is not accepted. The text says what to do, and never quotes it."""


def checked(hash_: str) -> str:
    """The same text, if passwords can be checked against it. Raises UnusableHash."""
    if is_bcrypt(hash_):
        return hash_
    found = is_argon2id(hash_) or is_wrapped(hash_)
    if found is None:
        raise UnusableHash(_advice(hash_))
    memory, passes, lanes = map(int, found.groups()[-3:])
    if memory > _GREATEST_MEMORY or passes > _MOST_PASSES or lanes > _MOST_LANES:
        raise UnusableHash("checking it takes too much: at most m=65536 (64 MiB), t=8, p=4")
    return hash_


def _advice(hash_: str) -> str:
    if is_sha1(hash_) or is_apache_md5(hash_):
        return "a weak digest; `hotgate passwords import` makes it safe to keep"
    if _is_crypt(hash_):
        return "a hash of crypt(3) is not accepted; set a new password with `hotgate passwords set`"
    return "not a password hash: use argon2id or bcrypt; `hotgate passwords set` writes one"
