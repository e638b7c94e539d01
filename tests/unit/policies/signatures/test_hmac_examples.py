"""The programs of docs/authentication/hmac.md make what the gateway accepts: run as they are written."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hotgate.http.headers import Headers
from hotgate.http.request import Request
from hotgate.identity.principal import Principal
from hotgate.identity.signatures.hmac_request import HmacVerifier, Partner

PAGE = (Path(__file__).parents[4] / "docs" / "authentication" / "hmac.md").read_text(encoding="utf-8")
SECRET = "Q8bI1b0Yw0dO8e0i7o8Nn4Ck2i6Xq7wCk3m0q2y5R1s="
ARGUMENTS = ("acme", SECRET, "POST", "api.example.com", "/orders?a=b%20c&d", "{}")
_IS_NODE_MISSING = shutil.which("node") is None and "CI" not in os.environ  # there it fails instead
CALLER = Principal("acme", provider="partners", mechanism="hmac")


def program(language: str) -> str:
    """The only block of a language."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


def by_python() -> str:
    scope: dict[str, Callable[..., str]] = {}
    exec(program("python"), scope)
    return scope["authorization"](*ARGUMENTS[:-1], ARGUMENTS[-1].encode())


def by_node() -> str:
    call = f"{program('js')}\nprocess.stdout.write(authorization(...{json.dumps(ARGUMENTS)}));"
    return run("node", "-e", call)


def by_shell() -> str:
    return run("sh", "-c", f'{program("sh")}\nauthorization "$@"', "sh", *ARGUMENTS)


def run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout


@pytest.mark.parametrize(
    "made",
    [
        by_python,
        pytest.param(by_node, marks=pytest.mark.skipif(_IS_NODE_MISSING, reason="no Node.js")),
        by_shell,
    ],
)
def test_the_programs_of_the_page_sign_what_is_accepted(made: Callable[[], str]) -> None:
    _, _, method, host, target, body = ARGUMENTS
    headers = Headers([(b"authorization", made().encode())])
    request = Request(method, "/orders", headers, host=host, authority=host.encode(), sent_target=target.encode())
    timestamp = re.search(r'timestamp="(\d+)"', headers.fields[0][1].decode())
    assert timestamp is not None
    verifier = HmacVerifier({b"acme": Partner(SECRET.encode(), "thumbprint", CALLER)}, max_age=300, leeway=30)
    verified = verifier.verify(request, now=float(timestamp[1]))
    assert verified is not None
    assert verified.is_of(body.encode())
    assert not verified.is_of(b"")
