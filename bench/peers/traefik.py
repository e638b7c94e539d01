"""Traefik with its file provider; access log, metrics, API and every call home are off."""

import json

from bench.peers.peer import Peer
from bench.scenario import Launch, Scenario


def launch(scenario: Scenario) -> Launch:
    """Traefik in the foreground; the Go runtime sees one core and uses one."""
    dynamic = scenario.folder / "dynamic.json"
    dynamic.write_text(json.dumps(_dynamic(scenario.backend), indent=1))
    static = scenario.folder / "traefik.json"
    static.write_text(json.dumps(_static(scenario.port, str(dynamic)), indent=1))
    return Launch(["traefik", f"--configFile={static}"], {})


def _static(port: int, dynamic: str) -> dict[str, object]:
    # No read time-out: the default of 60 s would cut a long upload.
    no_timeout = {"respondingTimeouts": {"readTimeout": 0, "idleTimeout": "600s"}, "keepAliveMaxRequests": 0}
    return {
        "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
        "log": {"level": "ERROR"},
        "entryPoints": {"web": {"address": f"127.0.0.1:{port}", "transport": no_timeout}},
        "providers": {"file": {"filename": dynamic, "watch": False}},
    }


def _dynamic(backend: int) -> dict[str, object]:
    service = {"servers": [{"url": f"http://127.0.0.1:{backend}"}], "serversTransport": "pool"}
    return {
        "http": {
            "routers": {"api": {"rule": "PathPrefix(`/`)", "service": "api", "entryPoints": ["web"]}},
            "services": {"api": {"loadBalancer": service}},
            "serversTransports": {"pool": {"maxIdleConnsPerHost": 256}},
        }
    }


PEER = Peer("Traefik", launch, ("traefik", "version"))
