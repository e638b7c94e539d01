"""Caddy as a reverse proxy; its admin interface, certificates and access log are off."""

from bench.peers.peer import Peer
from bench.scenario import Launch, Scenario

_CONFIG = """\
{{
	admin off
	auto_https off
	persist_config off
	log {{
		level ERROR
	}}
}}
http://:{port} {{
	bind 127.0.0.1
	reverse_proxy 127.0.0.1:{backend} {{
		transport http {{
			keepalive_idle_conns_per_host 256
		}}
	}}
}}
"""


def launch(scenario: Scenario) -> Launch:
    """Caddy in the foreground; the Go runtime sees one core and uses one."""
    config = scenario.folder / "Caddyfile"
    config.write_text(_CONFIG.format(port=scenario.port, backend=scenario.backend))
    home = {
        "HOME": str(scenario.folder),
        "XDG_DATA_HOME": str(scenario.folder),
        "XDG_CONFIG_HOME": str(scenario.folder),
    }
    return Launch(["caddy", "run", "--adapter", "caddyfile", "--config", str(config)], home)


PEER = Peer("Caddy", launch, ("caddy", "version"))
