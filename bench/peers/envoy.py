"""Envoy with one worker thread: `jwt_authn` with its token cache, RBAC on the scope, a local rate limit."""

import json
from typing import Any

from bench.peers.peer import Peer
from bench.scenario import Launch, Scenario, Security

_NETWORK = "type.googleapis.com/envoy.extensions.filters.network"
_FILTERS = "type.googleapis.com/envoy.extensions.filters.http"


def launch(scenario: Scenario) -> Launch:
    """Envoy in the foreground, one process, without its admin interface."""
    config = scenario.folder / "envoy.json"
    config.write_text(json.dumps(_bootstrap(scenario), indent=1))
    return Launch(["envoy", "-c", str(config), "--concurrency", "1", "--disable-hot-restart", "-l", "warn"], {})


def _bootstrap(scenario: Scenario) -> dict[str, Any]:
    return {
        "static_resources": {
            "listeners": [
                {
                    "name": "web",
                    "address": _address(scenario.port),
                    "tcp_backlog_size": 4096,
                    "filter_chains": [{"filters": [_connection_manager(scenario)]}],
                }
            ],
            "clusters": [
                {
                    "name": "api",
                    "type": "STATIC",
                    "connect_timeout": "2s",
                    "circuit_breakers": {"thresholds": [{"max_connections": 20000, "max_requests": 20000}]},
                    "load_assignment": {"cluster_name": "api", "endpoints": [_endpoint(scenario.backend)]},
                }
            ],
        }
    }


def _connection_manager(scenario: Scenario) -> dict[str, Any]:
    route = {"match": {"prefix": "/"}, "route": {"cluster": "api", "timeout": "0s"}}
    security = _security(scenario.security) if scenario.security else []
    router = {"name": "router", "typed_config": {"@type": f"{_FILTERS}.router.v3.Router"}}
    return {
        "name": "http",
        "typed_config": {
            "@type": f"{_NETWORK}.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "web",
            "generate_request_id": False,
            "route_config": {"virtual_hosts": [{"name": "api", "domains": ["*"], "routes": [route]}]},
            "http_filters": [*security, router],
        },
    }


def _security(security: Security) -> list[dict[str, Any]]:
    return [
        {"name": "jwt", "typed_config": _tokens(security)},
        {"name": "scope", "typed_config": _scope(security)},
        {"name": "limit", "typed_config": _limit(security)},
    ]


def _tokens(security: Security) -> dict[str, Any]:
    provider = {
        "issuer": security.issuer,
        "audiences": [security.audience],
        "local_jwks": {"filename": str(security.jwks)},
        "jwt_cache_config": {"jwt_cache_size": 1000},
        "payload_in_metadata": "claims",
        "normalize_payload_in_metadata": {"space_delimited_claims": ["scope"]},
    }
    rule = {"match": {"prefix": "/"}, "requires": {"provider_name": "corp"}}
    kind = f"{_FILTERS}.jwt_authn.v3.JwtAuthentication"
    return {"@type": kind, "providers": {"corp": provider}, "rules": [rule]}


def _scope(security: Security) -> dict[str, Any]:
    granted = {
        "filter": "envoy.filters.http.jwt_authn",  # where jwt_authn leaves claims, whatever it is called
        "path": [{"key": "claims"}, {"key": "scope"}],
        "value": {"list_match": {"one_of": {"string_match": {"exact": security.scope}}}},
    }
    policy = {"permissions": [{"any": True}], "principals": [{"sourced_metadata": {"metadata_matcher": granted}}]}
    return {"@type": f"{_FILTERS}.rbac.v3.RBAC", "rules": {"policies": {"scope": policy}}}


def _limit(security: Security) -> dict[str, Any]:
    always = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    bucket = {"max_tokens": security.per_minute, "tokens_per_fill": security.per_minute, "fill_interval": "60s"}
    return {
        "@type": f"{_FILTERS}.local_ratelimit.v3.LocalRateLimit",
        "stat_prefix": "limit",
        "token_bucket": bucket,
        "filter_enabled": {"runtime_key": "limit_enabled", **always},
        "filter_enforced": {"runtime_key": "limit_enforced", **always},
    }


def _endpoint(port: int) -> dict[str, Any]:
    return {"lb_endpoints": [{"endpoint": {"address": _address(port)}}]}


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


PEER = Peer(
    "Envoy",
    launch,
    ("envoy", "--version"),
    security="`jwt_authn` with `jwt_cache_config`, RBAC on the scope, `local_ratelimit` (one bucket for all subjects)",
)
