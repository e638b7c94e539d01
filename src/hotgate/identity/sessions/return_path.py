"""Where a browser may be sent after a login: a path of the same host, whoever asks for something else."""

from hotgate.http.targets import BadTarget, canonical

MAX_LENGTH = 1024  # a browser may have five logins under way, and each keeps one of these in a cookie
HOME = "/"


def return_path(wanted: str, own: str) -> str:
    """`wanted` in its canonical form if it is a path of this host, with or without a query; otherwise `/`.

    own: below it are the gateway's own paths, to which nobody returns. What browsers take for another host begins with
    `//`, or with backslashes or white space in it that they remove (WHATWG URL, "path or authority state"); a path that
    `canonical` lets through has none of these.
    """
    if len(wanted) > MAX_LENGTH:
        wanted = wanted.partition("?")[0]
    if not wanted.startswith("/") or wanted[1:2] in ("/", "\\") or len(wanted) > MAX_LENGTH or not wanted.isascii():
        return HOME
    try:
        path, query = canonical(wanted.encode("ascii"), keep_encoded_slashes=True)
    except BadTarget:
        return HOME
    if path == own or path.startswith(("//", f"{own}/")):
        return HOME
    return f"{path}?{query.decode('ascii')}" if query else path
