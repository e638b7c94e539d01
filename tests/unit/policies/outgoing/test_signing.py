"""What only compiling finds wrong with `sign`: at its key in the file, and without the key that it is about."""

from pathlib import Path
from textwrap import dedent

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from hotgate.runtime.compiling.compile_errors import compile_errors
from hotgate.runtime.compiling.load import load_configuration

WEAK = rsa.generate_private_key(65537, 1024).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
LOCKED = rsa.generate_private_key(65537, 2048).private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pass phrase")
)
OTHER = dsa.generate_private_key(1024).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def errors(folder: Path, sign: str, more: str = "") -> list[tuple[int, str]]:
    """Line and message of each."""
    file = folder / "hotgate.yaml"
    file.write_text(
        dedent(f"""\
        listeners: [{{name: web, bind: "127.0.0.1:8080"}}]
        upstreams:
          api:
            targets: ["http://a.example", "http://b.example"]
            sign: {sign}
            {more}
        routes: [{{name: all, match: {{path: "/*"}}, upstream: api, public: true}}]
        """)
    )
    return [(error.line, error.message) for error in compile_errors(load_configuration(file))]


@pytest.mark.parametrize("pem", [WEAK, LOCKED, OTHER])
def test_a_key_that_cannot_sign(tmp_path: Path, pem: bytes) -> None:
    (tmp_path / "key.pem").write_bytes(pem)
    ((line, message),) = errors(tmp_path, "{message: {key: key.pem, key_id: k}}")
    assert line == 5
    assert "BEGIN" not in message


def test_a_secret_that_is_short(tmp_path: Path) -> None:
    ((line, message),) = errors(tmp_path, "{message: {secret: short, key_id: k}}")
    assert (line, "32 bytes" in message, "short" in message) == (5, True, False)


def test_what_is_signed_names_one_host(tmp_path: Path) -> None:
    assert errors(tmp_path, "{message: {}}") == []
    ((line, message),) = errors(tmp_path, "{message: {}}", "host: upstream")
    assert (line, "one Host" in message) == (5, True)
