"""What `upstreams.*.credentials` may say but hardly ever should."""

import re
from collections.abc import Iterator

from hotgate.config.https_url import is_loopback_name
from hotgate.config.upstreams import Upstream

_REGION = re.compile(r"\.([a-z]{2}(?:-[a-z]+){1,2}-[0-9])\.amazonaws\.com(?:\.cn)?$")
Danger = tuple[tuple[str, ...], str, str]  # the keys below `credentials`, what is wrong, what to do instead


def credential_dangers(upstream: Upstream) -> Iterator[Danger]:
    """All of one upstream that has credentials."""
    credentials = upstream.credentials
    if credentials is None:
        return
    if credentials.aws_sigv4 is None and any(is_in_the_clear(upstream)):
        yield (), "they cross the network in plain text", "use https:// for targets that are not on this machine"
    if credentials.api_key is not None and credentials.api_key.query is not None:
        yield ("api_key", "query"), "URLs, and so this key, end up in logs of the backend", "send it in a `header`"
    if credentials.aws_sigv4 is not None and upstream.host == "preserve":
        hint = "set `host: upstream`, unless the backend knows the names that clients use"
        yield ("aws_sigv4",), "what is signed names the client's Host, which AWS does not know", hint
    yield from _other_regions(upstream)
    if credentials.source is not None:
        name = "token_exchange" if credentials.token_exchange is not None else "client_credentials"
        for keys, message, hint in credentials.source.dangers():
            yield (name, *keys), message, hint


def _other_regions(upstream: Upstream) -> Iterator[Danger]:
    """AWS names the region in the host, and refuses signatures for another one."""
    signing = upstream.credentials.aws_sigv4 if upstream.credentials is not None else None
    for target in upstream.targets:
        named = _REGION.search(target.url.host)
        if signing is not None and named is not None and named[1] != signing.region:
            message = f"{target.url.host} is in {named[1]}, and refuses signatures for another region"
            yield ("aws_sigv4", "region"), message, f"write {named[1]}, or name another target"


def is_in_the_clear(upstream: Upstream) -> Iterator[bool]:
    """For each target, whether others than this machine see what is sent to it."""
    for target in upstream.targets:
        yield target.url.scheme == "http" and not is_loopback_name(target.url.host)
