"""One spelling for every request target and host, so that gateway and backend cannot read the same one differently.

The backend is sent exactly what the gateway decided about. What has one harmless reading is rewritten to it:

- `%7E` becomes `~`, `%c3` becomes `%C3` (RFC 3986 §6.2.2); a raw `"<>[]^{|}` or backtick becomes its escape;
- dot segments, encoded or not, are resolved (RFC 3986 §5.2.4), and doubled slashes become one, as nginx does
  (Envoy keeps them unless told otherwise, CVE-2019-9901).

What two servers read differently is refused:

- dot segments that leave the root, or stand beside a doubled slash (`/a//../b` is `/a/b` or `/b`);
- `%2F`, `%5C` and the backslash (CVE-2021-29492), `#` (CVE-2021-32779), raw spaces and non-ASCII bytes, NUL and
  other controls, raw or escaped;
- broken escapes, and escapes that are not UTF-8, which takes overlong forms such as `%C0%AE` with it;
- `..;x` and `/;x/`: servlet containers drop matrix parameters, and only then resolve dots.

An escaped percent sign stays (`%252e`): decoding twice is the error of whoever does it, but nobody here helps them.
Matrix parameters elsewhere (`/a;v=1`) are data; `RouteTable` refuses those that would change the route.
"""

import re
from ipaddress import IPv6Address
from urllib.parse import unquote_to_bytes

# Letters, digits and the punctuation that a segment may hold raw (RFC 3986 §3.3 `pchar`), without `.`, `;` and `%`.
_PLAIN = rb"A-Za-z0-9_~!$&'()*+,=:@\-"
_QUERY_CHARACTERS = rb'[!"$-~]*'  # printable ASCII but space and `#`

_ordinary = re.compile(rb"((?:/[%b][.%b]*+)++/?|/)(?:\?(%b))?" % (_PLAIN, _PLAIN, _QUERY_CHARACTERS)).fullmatch
_valid_query = re.compile(_QUERY_CHARACTERS).fullmatch
_raw_forbidden = re.compile(rb"[^!-~]|[#\\]").search
_broken_escape = re.compile(rb"%(?![0-9A-Fa-f]{2})").search
_escaped_control = re.compile(rb"%(?:[01][0-9A-Fa-f]|7[Ff])").search
_escaped_backslash = re.compile(rb"%5[Cc]").search
_escaped_slash = re.compile(rb"%2[Ff]").search
_rewritable = re.compile(rb'%..|["<>\[\]^`{|}]')
_parameters_on_dots = re.compile(r"\.{0,2};|\.{1,2}%3B").match

_dns_name = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*").fullmatch
_host_and_port = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?").fullmatch

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")  # RFC 3986 §2.3


class BadTarget(ValueError):
    """A request target or authority that is refused. `reason` is fixed text without any of the input: safe to log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def canonical(target: bytes, *, keep_encoded_slashes: bool = False) -> tuple[str, bytes]:
    """The canonical path and the query (without `?`, otherwise as sent) of a target in origin form (RFC 9112 §3.2.1).

    `keep_encoded_slashes` lets `%2F` through inside a segment. Calling it again on its own result changes nothing.
    Raises BadTarget.
    """
    ordinary = _ordinary(target)
    if ordinary is not None:
        return ordinary[1].decode("ascii"), ordinary[2] or b""
    path, _, query = target.partition(b"?")
    if not _valid_query(query):
        raise BadTarget("the query has a character that must be percent-encoded")
    _refuse_ambiguous(path, keep_encoded_slashes)
    rewritten = _rewritable.sub(_normal_escape, path).decode("ascii")
    return "/" + "/".join(_resolved(rewritten.split("/")[1:])), query


def split_absolute(target: bytes) -> tuple[str, bytes, bytes]:
    """Scheme (`http` or `https`), authority and origin form of an absolute target (RFC 9112 §3.2.2).

    The last two still need `host_of` and `canonical`. Raises BadTarget.
    """
    scheme, separator, rest = target.partition(b"://")
    if not separator or scheme.lower() not in (b"http", b"https"):
        raise BadTarget("the target is neither a path nor an http or https URL")
    end = next((index for index, byte in enumerate(rest) if byte in b"/?#"), len(rest))
    origin_form = rest[end:]
    if not origin_form.startswith(b"/"):
        origin_form = b"/" + origin_form  # RFC 3986 §6.2.3: an empty path means `/`
    return scheme.lower().decode("ascii"), rest[:end], origin_form


def _refuse_ambiguous(path: bytes, keep_encoded_slashes: bool) -> None:
    if not path.startswith(b"/"):
        raise BadTarget("the path does not start with a slash")
    if _raw_forbidden(path):
        raise BadTarget("the path has a character that must be percent-encoded")
    if _broken_escape(path):
        raise BadTarget("the path has a percent sign that starts no escape")
    if _escaped_control(path):
        raise BadTarget("the path has an escaped control character")
    if _escaped_backslash(path):
        raise BadTarget("the path has an escaped backslash")
    if not keep_encoded_slashes and _escaped_slash(path):
        raise BadTarget("the path has an escaped slash")
    try:
        unquote_to_bytes(path).decode("utf-8")
    except UnicodeDecodeError:
        raise BadTarget("the escapes of the path are not UTF-8") from None


def _normal_escape(match: re.Match[bytes]) -> bytes:
    text = match[0]
    if len(text) == 1:
        return b"%%%02X" % ord(text)
    byte = int(text[1:], 16)
    return bytes((byte,)) if byte in _UNRESERVED else text.upper()


def _resolved(segments: list[str]) -> list[str]:
    """The segments without dots and empty ones; a last empty one stays, for it is the trailing slash."""
    kept: list[str] = []
    if ".." in segments and "" in segments[:-1]:
        raise BadTarget("the path has a dot segment beside a doubled slash")
    for segment in segments:
        if segment == "..":
            if not kept:
                raise BadTarget("the path leaves the root")
            if "%2F" in kept.pop():
                raise BadTarget("the path has a dot segment behind an escaped slash")
        elif segment not in ("", "."):
            _refuse_hidden_dots(segment)
            kept.append(segment)
    if segments[-1] in ("", ".", ".."):
        kept.append("")
    return kept


def _refuse_hidden_dots(segment: str) -> None:
    """Whatever turns into a dot or empty segment once parameters are dropped or a kept `%2F` is decoded."""
    if _parameters_on_dots(segment):
        raise BadTarget("the path has a dot or empty segment with matrix parameters")
    if "%2F" in segment:
        for part in segment.split("%2F"):
            if part in ("", ".", "..") or _parameters_on_dots(part):
                raise BadTarget("an escaped slash hides a dot or empty segment")


def host_of(authority: bytes) -> str:
    """The host of `host[:port]` in lower case, without port and trailing dot; IPv6 in brackets, in its RFC 5952 form.

    Names are DNS names (underscores are let through); escapes, user information, zones and raw non-ASCII are not.
    Raises BadTarget.
    """
    match = _host_and_port(authority)
    if match is None:
        raise BadTarget("the authority is not host[:port]")
    if match[2] is not None and not 0 < int(match[2]) < 65_536:
        raise BadTarget("the port is not between 1 and 65535")
    host = match[1].decode("ascii").lower()
    if host.startswith("["):
        return _bracketed(host[1:-1])
    host = host.removesuffix(".")
    if not _dns_name(host):
        raise BadTarget("the host is not a DNS name")
    return host


def _bracketed(address: str) -> str:
    try:
        return f"[{IPv6Address(address).compressed}]"
    except ValueError:
        raise BadTarget("the host in brackets is not an IPv6 address") from None
