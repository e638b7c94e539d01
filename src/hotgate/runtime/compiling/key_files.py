"""Files of verification keys, read once before a configuration is in force: without keys every token gets 503.

What becomes of such a file later is no error of the configuration: the gateway keeps the keys that it has.
"""

from collections.abc import Iterator
from pathlib import Path as FilePath

from hotgate.config.errors import ConfigurationError
from hotgate.config.gateway import Identity
from hotgate.config.loader import Loaded
from hotgate.config.position import Path
from hotgate.identity.verification_keys.key_file import read_key_file
from hotgate.identity.verification_keys.key_set import InvalidKeySet, parse_document


def key_file_errors(loaded: Loaded) -> Iterator[ConfigurationError]:
    """Every `jwks_file` that cannot be read, or holds no usable key."""
    folder = loaded.file.absolute().parent
    for name, entry in loaded.config.identity.items():
        for path, file in _files(entry):
            if reason := _unusable(folder / file):
                yield loaded.error(("identity", name, *path), reason)


def _files(entry: Identity) -> Iterator[tuple[Path, str]]:
    """Each with the rest of its path in the tree."""
    if entry.mechanism in ("jwt", "oidc") and entry.settings.jwks_file:
        yield (entry.mechanism, "jwks_file"), entry.settings.jwks_file
    if entry.mechanism == "signature":
        for index, published in enumerate(entry.settings.jwks):
            if published.file:
                yield ("signature", "jwks", index, "file"), published.file


def _unusable(file: FilePath) -> str:
    try:
        parse_document(read_key_file(file))
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    except InvalidKeySet as error:
        return f"is not a usable key set: {error}"
    return ""
