"""Files of verification keys, read once before a configuration is in force: without keys every token gets 503.

What becomes of such a file later is no error of the configuration: the gateway keeps the keys that it has.
"""

from collections.abc import Iterator
from pathlib import Path

from hotgate.config.errors import ConfigurationError
from hotgate.config.loader import Loaded
from hotgate.identity.verification_keys.key_file import read_key_file
from hotgate.identity.verification_keys.key_set import InvalidKeySet, parse_document


def key_file_errors(loaded: Loaded) -> Iterator[ConfigurationError]:
    """Every `jwks_file` that cannot be read, or holds no usable key."""
    folder = loaded.file.absolute().parent
    for name, entry in loaded.config.identity.items():
        file = entry.settings.jwks_file if entry.mechanism == "jwt" else None
        if file and (reason := _unusable(folder / file)):
            yield loaded.error(("identity", name, "jwt", "jwks_file"), reason)


def _unusable(file: Path) -> str:
    try:
        parse_document(read_key_file(file))
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    except InvalidKeySet as error:
        return f"is not a usable key set: {error}"
    return ""
