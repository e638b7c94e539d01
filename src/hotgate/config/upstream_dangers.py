"""What `upstreams.*.credentials` may say but hardly ever should."""

from collections.abc import Iterator

from hotgate.config.https_url import is_loopback_name
from hotgate.config.upstreams import Upstream

Danger = tuple[tuple[str, ...], str, str]  # the keys below `credentials`, what is wrong, what to do instead


def credential_dangers(upstream: Upstream) -> Iterator[Danger]:
    """All of one upstream that has credentials."""
    credentials = upstream.credentials
    if credentials is None:
        return
    if credentials.aws_sigv4 is None and any(_is_in_the_clear(upstream)):
        yield (), "they cross the network in plain text", "use https:// for targets that are not on this machine"
    if credentials.api_key is not None and credentials.api_key.query is not None:
        yield ("api_key", "query"), "URLs, and so this key, end up in logs of the backend", "send it in a `header`"
    if credentials.aws_sigv4 is not None and upstream.host == "preserve":
        hint = "set `host: upstream`, unless the backend knows the names that clients use"
        yield ("aws_sigv4",), "what is signed names the client's Host, which AWS does not know", hint
    if credentials.source is not None:
        name = "token_exchange" if credentials.token_exchange is not None else "client_credentials"
        for keys, message, hint in credentials.source.dangers():
            yield (name, *keys), message, hint


def _is_in_the_clear(upstream: Upstream) -> Iterator[bool]:
    for target in upstream.targets:
        yield target.url.scheme == "http" and not is_loopback_name(target.url.host)
