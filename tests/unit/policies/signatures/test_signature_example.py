"""The client of docs/authentication/http-message-signatures.md makes what the gateway accepts: run as it is written."""

import re
import subprocess
import time
from pathlib import Path

from hotgate.http.content_digest import check_content_digest
from hotgate.http.headers import Headers
from hotgate.http.request import Request
from hotgate.policies.signatures.settings import SignatureSettings
from hotgate.policies.signatures.signature import SignatureAuthenticator
from hotgate.testing import make_exchange

PAGE = (Path(__file__).parents[4] / "docs" / "authentication" / "http-message-signatures.md").read_text("utf-8")
SHOW = 'curl() { for each in "$@"; do printf "%s\\0" "$each"; done; }\n'


def sent(folder: Path) -> list[str]:
    """The arguments of curl when the blocks of the page are run one after the other."""
    programs = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    done = subprocess.run(
        ["sh", "-c", SHOW + "".join(programs)], cwd=folder, capture_output=True, text=True, check=True, timeout=30
    )
    return done.stdout.split("\0")


def test_the_client_of_the_page_signs_what_is_accepted(tmp_path: Path) -> None:
    arguments = sent(tmp_path)
    fields = [tuple(each.encode().split(b": ", 1)) for each in arguments if re.match(r"[A-Za-z-]+: ", each)]
    headers = Headers([(name.lower(), value) for name, value in fields])
    body = arguments[arguments.index("--data-raw") + 1].encode()
    host = headers.get(b"host") or b""
    request = Request("POST", "/orders", headers, host.decode(), host, scheme="http", sent_target=b"/orders")
    public = (tmp_path / "acme-public.pem").read_text()
    settings = SignatureSettings.model_validate({"keys": {"acme-2026": {"public_key": public, "consumer": "acme"}}})
    entry = SignatureAuthenticator("partners", settings, {"wall_clock": time.time})
    exchange = make_exchange()
    exchange.request = request
    found = entry.authenticate(exchange)
    assert getattr(found, "subject", found) == "acme"
    check_content_digest(headers.get_all(b"content-digest"), body)
