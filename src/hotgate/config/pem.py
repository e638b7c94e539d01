"""Certificates and keys in the file: a path, or the PEM text itself."""

import os
import ssl
from base64 import b64decode
from typing import Any

from pydantic import GetJsonSchemaHandler
from pydantic_core import CoreSchema

from hotgate.config.notation import refused
from hotgate.config.secret import FileContent, Secret, SecretFiles

_BEGIN = "-----BEGIN "


class Pem(Secret):
    """PEM text, read from a path that starts from the folder of the main file unless the value is PEM already.

    It may be a private key, so nothing shows it.
    """

    __slots__ = ()
    _NOUN = "PEM or a path"

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "$comment": "path, or PEM text"}

    @classmethod
    def _resolved(cls, files: SecretFiles, text: str) -> str:
        return text if _BEGIN in text else files.text(text, "the file")

    @classmethod
    def _checked(cls, text: str) -> str:
        if _BEGIN not in text:
            raise refused("the file is not PEM: it has no '-----BEGIN …-----'")
        return text


class DerFile(FileContent):
    """The content of a binary file, in base64."""

    __slots__ = ()

    @classmethod
    def _resolved(cls, files: SecretFiles, text: str) -> str:
        return files.base64(text, "the file")

    @property
    def content(self) -> bytes:
        """The bytes of the file."""
        return b64decode(self.reveal())


def load_chain(context: ssl.SSLContext, chain: str, key: str) -> None:
    """Have a context present a certificate. `ssl` takes files only: this one is in memory, and no key touches a disk.

    Raises ssl.SSLError, and ValueError for an encrypted key.
    """
    with os.fdopen(os.memfd_create("tls", os.MFD_CLOEXEC), "w") as file:
        file.write(f"{key}\n{chain}")
        file.flush()
        context.load_cert_chain(f"/proc/self/fd/{file.fileno()}", password=_no_password)


def _no_password() -> str:
    raise ValueError("the key is encrypted; give one that is not")  # OpenSSL would ask on the terminal
