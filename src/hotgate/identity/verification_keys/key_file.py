"""A JWKS document in a file."""

from pathlib import Path

from hotgate.identity.verification_keys.key_set import MAX_DOCUMENT_BYTES


def read_key_file(path: Path) -> bytes:
    """Its content, for `parse_document`; of a file that is too long, enough to tell. Raises OSError."""
    with path.open("rb") as file:
        return file.read(MAX_DOCUMENT_BYTES + 1)
