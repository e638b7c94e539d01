"""Signed requests (RFC 9421, Ed25519): a file of header fields for `credentials.lua`, each of them another one."""

import time
from base64 import b64encode
from pathlib import Path
from secrets import token_urlsafe

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

# A gateway refuses what was signed before it began to remember nonces; clocks may be 30 s ahead.
_AHEAD = 20  # seconds


class SignatureMaker:
    """One key. host, path: of all requests."""

    def __init__(self, host: str, path: str) -> None:
        self._key = Ed25519PrivateKey.generate()
        self._components = {'"@method"': "GET", '"@authority"': host, '"@path"': path}

    @property
    def public_key(self) -> str:
        """In PEM."""
        public = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return public.decode("ascii")

    def fields(self) -> dict[str, str]:
        """Of one request. They are good for five minutes."""
        created = int(time.time()) + _AHEAD
        said = f'({" ".join(self._components)});created={created};keyid="bench";nonce="{token_urlsafe(12)}"'
        values = "".join(f"{name}: {value}\n" for name, value in self._components.items())
        signature = self._key.sign(f'{values}"@signature-params": {said}'.encode("ascii"))
        return {"Signature-Input": f"sig1={said}", "Signature": f"sig1=:{b64encode(signature).decode('ascii')}:"}

    def write(self, file: Path, count: int) -> None:
        """Make so many; a line has the two fields of one request, with a tab between them."""
        with file.open("w") as lines:
            for _ in range(count):
                lines.write("\t".join(f"{name}: {value}" for name, value in self.fields().items()) + "\n")
