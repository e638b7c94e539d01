"""Hotgate as a user starts it, with what the peers have switched off left on: access log to a file, and metrics."""

import json
import sys
from pathlib import Path
from typing import Any

from bench.peers.peer import Peer
from bench.scenario import HOST, Launch, Scenario, Security

_SOURCE = Path(__file__).parents[2] / "src"
_COMMAND = [sys.executable, "-c", "from hotgate.cli import main; main()"]


def launch(scenario: Scenario) -> Launch:
    """The control process and one worker; all of it is counted, because all of it is pinned to the one core."""
    config = scenario.folder / "hotgate.yaml"
    config.write_text(json.dumps(_gateway(scenario), indent=1))  # JSON is YAML
    return Launch([*_COMMAND, "run", "-c", str(config)], {"PYTHONPATH": str(_SOURCE)})


def _gateway(scenario: Scenario) -> dict[str, Any]:
    gateway: dict[str, Any] = {
        "listeners": [{"name": "web", "bind": f"127.0.0.1:{scenario.port}", **_tls(scenario)}],
        "admin": {"bind": f"127.0.0.1:{scenario.admin}"},
        "workers": 1,
        "runtime_dir": str(scenario.folder / "run"),
        "access_log": {"path": str(scenario.folder / "access.log")},
        "limits": {"keep_alive": "600s"},
        "upstreams": {"api": {"targets": [f"http://127.0.0.1:{scenario.backend}"]}},
        "routes": _routes(scenario),
    }
    if scenario.security:
        gateway["identity"] = {"corp": {"jwt": _tokens(scenario.security)}}
    return {**gateway, **scenario.hotgate}


def _tls(scenario: Scenario) -> dict[str, Any]:
    if scenario.tls is None:
        return {}
    client = scenario.client
    asked = {} if client is None else {"client_ca": str(client.certificate), "client_auth": "required"}
    return {"tls": {"certificate": str(scenario.tls.certificate), "key": str(scenario.tls.key), **asked}}


def _routes(scenario: Scenario) -> list[dict[str, Any]]:
    if scenario.routes:
        return [_route(f"service-{index}", f"/service-{index}/{{id}}", None) for index in range(scenario.routes)]
    return [_route("api", "/*", scenario.security)]


def _route(name: str, path: str, security: Security | None) -> dict[str, Any]:
    route: dict[str, Any] = {"name": name, "match": {"path": path}, "upstream": "api", "max_body": "2GiB"}
    if security is None:
        return {**route, "public": True}
    return {
        **route,
        "match": {"hosts": [HOST], "path": path},
        "authenticate": ["corp"],
        "authorize": {"scopes": [security.scope]},
        "rate_limit": {"limit": f"{security.per_minute}/minute", "by": "principal"},
    }


def _tokens(security: Security) -> dict[str, Any]:
    return {
        "issuer": security.issuer,
        "audience": security.audience,
        "jwks_file": str(security.jwks),
        "algorithms": ["RS256"],
    }


PEER = Peer(
    "Hotgate",
    launch,
    (
        sys.executable,
        "-c",
        f"import sys; sys.path.insert(0, {str(_SOURCE)!r}); import hotgate; print(hotgate.__version__)",
    ),
    security="`authenticate`, `authorize`, `rate_limit` by principal; with access log and metrics on",
    offers_tls=True,
    offers_mtls=True,
)
