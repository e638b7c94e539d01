"""Whose bucket it is: text that no other kind of caller can produce."""

import functools
import hashlib

MAX_KEY_LENGTH = 128


def bounded_key(key: str) -> str:
    """The key itself, or a digest of it when it is longer than 128 characters."""
    if len(key) <= MAX_KEY_LENGTH:
        return key
    return "#" + hashlib.blake2b(key.encode(errors="surrogatepass"), digest_size=32).hexdigest()


@functools.lru_cache(maxsize=8192)
def principal_key(provider: str, subject: str) -> str:
    """One caller of one provider. A provider's name has no NUL, so no subject can reach into another provider."""
    return bounded_key(f"p\0{provider}\0{subject}")
