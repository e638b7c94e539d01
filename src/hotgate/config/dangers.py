"""What a configuration may say but hardly ever should: a warning for each."""

from collections.abc import Iterator

from hotgate.config.gateway import Gateway
from hotgate.config.references import Finding


def dangers(config: Gateway) -> Iterator[Finding]:
    """Every such setting, at its place in the file."""
    for name, upstream in config.upstreams.items():
        if upstream.tls is not None and upstream.tls.is_unverified:
            path = ("upstreams", name, "tls", "insecure_skip_verify")
            yield Finding(path, "anybody may pose as this backend", "name its authority in `ca` or its key in `pins`")
    for name, entry in config.identity.items():
        for path, message, hint in getattr(entry.settings, "dangers", tuple)():
            yield Finding(("identity", name, entry.mechanism, *path), message, hint)
