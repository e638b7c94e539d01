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
    yield from _of_mechanisms(config)


def _of_mechanisms(config: Gateway) -> Iterator[Finding]:
    """What only a mechanism knows of itself."""
    for name, entry in config.identity.items():
        for key, message, hint in entry.settings.dangers():
            yield Finding(("identity", name, entry.mechanism, key), message, hint)
