"""What a configuration may say but hardly ever should: a warning for each."""

from collections.abc import Iterator, Sequence
from ipaddress import ip_network
from typing import Protocol, runtime_checkable

from hotgate.config.addresses import Bind
from hotgate.config.gateway import Gateway
from hotgate.config.https_url import is_loopback_name
from hotgate.config.references import Finding
from hotgate.config.store_url import trusts_any_server
from hotgate.config.upstream_dangers import credential_dangers, is_in_the_clear

_WITH_PASSWORDS = frozenset({"basic", "ldap"})  # mechanisms
_OF_ISSUERS = frozenset({"jwt", "introspection", "oidc", "ldap"})  # whose callers have what somebody else says


Keys = tuple[str, ...]


@runtime_checkable
class HasDangers(Protocol):
    """Settings of a mechanism that know what is weak about themselves: (key, message, hint) of each."""

    def dangers(self) -> Iterator[tuple[str, str, str]]: ...


@runtime_checkable
class HasDangersOnRoute(Protocol):
    """Settings of a route's policy that know the same: (keys, message, hint) of each. served: its methods, if any."""

    def dangers(self, served: Sequence[str]) -> Iterator[tuple[Keys, str, str]]: ...


def dangers(config: Gateway) -> Iterator[Finding]:
    """Every such setting, at its place in the file."""
    yield from _of_policies(config)
    yield from _given_by_anybody(config)
    yield from _of_upstreams(config)
    yield from _of_decision_points(config)
    yield from _of_mechanisms(config)
    for name, receiver in config.security_events.items():
        for key, message, hint in receiver.dangers():
            yield Finding(("security_events", name, key), message, hint)
    yield from _of_counters(config)
    yield from _of_overload(config)
    yield from _of_priorities(config)
    yield from _unwatched_guesses(config)
    yield from _forgotten_uses(config)
    yield from _useless_certificates(config)
    yield from _passwords_in_the_clear(config)
    yield from _lost_cookies(config)
    yield from _copies_without_credentials(config)
    if config.store is not None and config.store.url is not None and trusts_any_server(config.store.url.reveal()):
        hint = "add ?sslmode=verify-full to it, and sslrootcert for an authority of your own"
        yield Finding(("store", "url"), "whoever poses as this database is told its password", hint)
    if isinstance(config.admin.bind, Bind) and not is_loopback_name(config.admin.bind.host):
        hint = "bind to 127.0.0.1 or a Unix socket, and reach it through a tunnel or a proxy with TLS"
        yield Finding(("admin", "bind"), "tokens of the admin API cross the network in plain text", hint)


def _of_upstreams(config: Gateway) -> Iterator[Finding]:
    for name, upstream in config.upstreams.items():
        if upstream.tls is not None and upstream.tls.is_unverified:
            path = ("upstreams", name, "tls", "insecure_skip_verify")
            yield Finding(path, "anybody may pose as this backend", "name its authority in `ca` or its key in `pins`")
        if upstream.credentials is not None:
            for keys, message, hint in credential_dangers(upstream):
                yield Finding(("upstreams", name, "credentials", *keys), message, hint)


def _of_decision_points(config: Gateway) -> Iterator[Finding]:
    for name, point in config.authorization.decision_points.items():
        path = ("authorization", "decision_points", name)
        for key, message, hint in point.dangers():
            yield Finding((*path, key), message, hint)
        upstream = None if point.service is None else config.upstreams.get(point.service.upstream)
        if upstream is not None and any(is_in_the_clear(upstream)):
            message = "whoever is on the way reads what is asked, and can answer in its place"
            hint = "use https:// for targets that are not on this machine (AuthZEN, section 11.1)"
            yield Finding((*path, point.kind, "upstream"), message, hint)


def _of_policies(config: Gateway) -> Iterator[Finding]:
    for index, route in enumerate(config.routes):
        for name in route.policy_names:
            settings = route.policy(name)
            if isinstance(settings, HasDangersOnRoute):
                for keys, message, hint in settings.dangers(route.match.methods):
                    yield Finding(("routes", index, name, *keys), message, hint)


def _of_priorities(config: Gateway) -> Iterator[Finding]:
    for index, route in enumerate(config.routes):
        is_bounded = route.policy("rate_limit") or route.policy("concurrency") or route.max_concurrent
        if route.priority == "critical" and route.public and route.upstream and not is_bounded:
            hint = "give it a `rate_limit` by address, or let the gateway answer with `respond`"
            message = "anybody can send requests that go before all others, and are never given up"
            yield Finding(("routes", index, "priority"), message, hint)


def _of_counters(config: Gateway) -> Iterator[Finding]:
    counters = config.counters
    if counters.are_shared and counters.when_lost == "open":
        hint = "use `share` or `closed`"
        yield Finding(("counters", "when_lost"), "whoever takes the server down lifts every limit", hint)
    if counters.are_shared and counters.unknown == "full":
        hint = "use it for the first start only"
        yield Finding(("counters", "unknown"), "each time the server loses its memory every quota is there again", hint)
    if counters.are_shared and not (config.store is not None and config.store.is_shared):
        for index, route in enumerate(config.routes):
            if route.policy("quota"):
                hint = "quotas are counted in the `store`: with PostgreSQL for all nodes together"
                yield Finding(("routes", index, "quota"), "each node counts this quota for itself", hint)


def _of_overload(config: Gateway) -> Iterator[Finding]:
    memory, replaced_at = config.overload.memory, config.limits.worker_memory
    if memory.limit is not None and (replaced_at is None or replaced_at >= memory.limit * memory.start):
        hint = "let `limits.worker_memory`, at which a worker is replaced, be less than where pressure begins"
        yield Finding(("overload", "memory", "limit"), "a worker seldom gives memory back, and may shed for ever", hint)


def _given_by_anybody(config: Gateway) -> Iterator[Finding]:
    """Roles for a group or a claim that each of several issuers may write."""
    issuers = [name for name, entry in config.identity.items() if entry.mechanism in _OF_ISSUERS]
    if len(issuers) < 2:
        return
    for name, role in config.authorization.roles.items():
        for index, receiver in enumerate(role.given_to):
            if receiver.provider is None and receiver.consumer is None:
                path = ("authorization", "roles", name, "given_to", index)
                yield Finding(path, f"each of {', '.join(issuers)[:200]} can give this role", "name one as `provider`")


def _unwatched_guesses(config: Gateway) -> Iterator[Finding]:
    if not config.brute_force.enabled:
        hint = "name those that must not be counted in `exempt`"
        yield Finding(("brute_force", "enabled"), "nobody who guesses credentials is slowed down or banned", hint)
    for index, network in enumerate(config.brute_force.exempt):
        if ip_network(network).prefixlen == 0:
            hint = "name the networks that must not be counted"
            yield Finding(("brute_force", "exempt", index), "nobody who guesses credentials is slowed down", hint)


def _of_mechanisms(config: Gateway) -> Iterator[Finding]:
    for name, entry in config.identity.items():
        if isinstance(entry.settings, HasDangers):
            for key, message, hint in entry.settings.dangers():
                yield Finding(("identity", name, entry.mechanism, key), message, hint)


def _forgotten_uses(config: Gateway) -> Iterator[Finding]:
    """Entries whose tokens can be used once more after every restart."""
    for name, entry in config.identity.items():
        if entry.mechanism == "jwt" and entry.settings.single_use and config.store is None:
            hint = "add `store: {}`, or keep `max_lifetime` short"
            yield Finding(("identity", name, "jwt", "single_use"), "a restart forgets which tokens were used", hint)


def _useless_certificates(config: Gateway) -> Iterator[Finding]:
    """Entries whose certificates no listener will ever ask for, or believe."""
    asks = any(listener.tls is not None and listener.tls.asks for listener in config.listeners)
    believes = any(listener.trusted_proxies for listener in config.listeners)
    for name, entry in config.identity.items():
        if entry.mechanism != "mtls":
            continue
        path = ("identity", name, "mtls")
        if entry.settings.source == "xfcc" and not believes:
            yield Finding(path, "no proxy is believed about certificates", "name it in `trusted_proxies` of a listener")
        elif entry.settings.source == "connection" and not asks:
            yield Finding(path, "no listener asks for certificates", "set `tls.client_auth` of a listener")


def _passwords_in_the_clear(config: Gateway) -> Iterator[Finding]:
    """Listeners to which clients would send passwords so that everybody on the way can read them."""
    if not any(entry.mechanism in _WITH_PASSWORDS for entry in config.identity.values()):
        return
    for index, listener in enumerate(config.listeners):
        is_reached_by_network = isinstance(listener.bind, Bind) and not is_loopback_name(listener.bind.host)
        is_protected = listener.tls or listener.redirect_https or listener.trusted_proxies or listener.proxy_protocol
        if is_reached_by_network and not is_protected:
            hint = "add `tls`, or name the proxy that speaks TLS in front of it in `trusted_proxies`"
            yield Finding(("listeners", index), "passwords of clients cross the network in plain text", hint)


def _copies_without_credentials(config: Gateway) -> Iterator[Finding]:
    """Mirrors whose upstream would be shown something by a route of its own, and is not by copies."""
    for index, route in enumerate(config.routes):
        mirror = route.policy("mirror")
        upstream = config.upstreams.get(mirror.upstream) if mirror is not None else None
        if upstream is not None and (upstream.credentials is not None or upstream.sign is not None):
            says = "copies are sent without the `credentials` and `sign` of their upstream"
            yield Finding(("routes", index, "mirror", "upstream"), says, "name one that needs none")


def _lost_cookies(config: Gateway) -> Iterator[Finding]:
    """Logins that cannot succeed, or on one node only."""
    names = [name for name, entry in config.identity.items() if entry.mechanism == "oidc"]
    for index, listener in enumerate(config.listeners if names else ()):
        local = isinstance(listener.bind, Bind) and is_loopback_name(listener.bind.host)
        if listener.tls is None and not listener.trusted_proxies and not local and listener.redirect_https is None:
            hint = "add `tls`, or name the proxy that has it in `trusted_proxies`"
            path = ("listeners", index)
            yield Finding(
                path, f"nobody can log in here ('{names[0]}'): browsers keep these cookies with TLS only", hint
            )
    if names and config.store is not None and config.store.is_shared and not config.sessions.keys:
        hint = "give `sessions.keys`, the same on all nodes"
        yield Finding(("store",), "sessions are sealed with keys of one node, and end on every other", hint)
