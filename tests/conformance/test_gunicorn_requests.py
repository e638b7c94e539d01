"""Requests collected by Gunicorn: the invalid ones must never reach a backend whole, however they arrive.

A file holds requests with `\\r\\n`, `\\t`, `\\0` and `\\x07` spelled out; its own line ends mean nothing.
"""

import re
from pathlib import Path

import pytest

from conformance.corpora import HTTP, needs_http_corpora
from conformance.requests_in_pieces import outcome_however_it_arrives

CORPUS = HTTP / "gunicorn"

pytestmark = needs_http_corpora

_ESCAPED = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|([rnt0]))")
_CONTROLS = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"0": b"\0"}

# Invalid for Gunicorn, or for the options of one of its tests, but harmless here.
HARMLESS = {
    "006": "its request line is longer than Gunicorn's limit; ours is 8 KiB by default",
    "007": "its field is longer than Gunicorn's limit; ours is 32 KiB for all of them by default",
    "008": "the same",
    "limit_header_default_01": "the same",
    "040": "names with an underscore are removed, so that Transfer_Encoding frames nothing",
    "041": "several fields of one name are no error unless the name says so",
    "rfc9110_trailer_forbidden_host_01": "Host is removed from the trailers",
}

# Valid for Gunicorn, or for the options of one of its tests, but refused here, and why.
_NO_HOST = "HTTP/1.1 without Host (RFC 9112 §3.2)"
_HOST = "its Host is not host[:port] (RFC 9110 §7.2)"
_TWO_CODINGS = "chunked is the only transfer coding, and it is named once"
_PROXY = "the PROXY protocol is not HTTP"
REFUSED = {
    "002": _HOST,
    "003": _HOST,
    **dict.fromkeys(("004", "006", "007", "010", "011", "012", "013", "014", "018", "021", "023", "100"), _NO_HOST),
    "005": "a fragment in the target (RFC 9112 §3.2)",
    "009": "Content-Length and Transfer-Encoding (RFC 9112 §6.1)",
    **dict.fromkeys(("025", "025_line", "029", "030", "rfc9112_smuggle_gzip_chunked_01"), _TWO_CODINGS),
    "rfc9112_smuggle_te_identity_chunked_01": _TWO_CODINGS,
    "027": "a raw byte above 127 in the target",
    "028": "a space before the colon (RFC 9112 §5.1)",
    **dict.fromkeys(("031", "031compat", "031compat2"), "an unknown method"),
    **dict.fromkeys(("compat_obs_fold", "compat_obs_fold_huge"), "a folded field (RFC 9112 §5.2)"),
    **dict.fromkeys(("pp_01", "pp_02", "pp_04", "pp_05"), _PROXY),
    "099": "its body is shorter than its Content-Length: it never ends",
    "rfc9112_target_absolute_userinfo_01": "user information in the target (RFC 9110 §4.2.4)",
    "rfc9112_target_asterisk_options_01": "answered by the gateway itself (RFC 9110 §9.3.7)",
    **dict.fromkeys(
        ("rfc9112_target_authority_connect_01", "rfc9112_target_authority_ipv6_01"), "a gateway has no CONNECT"
    ),
}


def files(folder: str) -> list[Path]:
    return sorted((CORPUS / folder).glob("*.http"))


def bytes_of(file: Path) -> bytes:
    data = file.read_bytes().replace(b"\n", b"")
    return _ESCAPED.sub(lambda match: bytes((int(match[1], 16),)) if match[1] else _CONTROLS[match[2]], data)


@pytest.mark.parametrize("file", files("invalid"), ids=lambda file: file.stem)
def test_invalid(file: Path) -> None:
    outcome = outcome_however_it_arrives(bytes_of(file))
    assert bool(outcome.reached) == (file.stem in HARMLESS), HARMLESS.get(file.stem, outcome)


@pytest.mark.parametrize("file", files("valid"), ids=lambda file: file.stem)
def test_valid(file: Path) -> None:
    limits = {"max_header_bytes": "1MiB", "max_headers": 1000, "max_target": "64KiB"}
    outcome = outcome_however_it_arrives(bytes_of(file), limits=limits)
    assert bool(outcome.reached) != (file.stem in REFUSED), REFUSED.get(file.stem, outcome)
