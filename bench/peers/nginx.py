"""nginx as a plain reverse proxy: `keepalive` to the backend, bodies streamed both ways without temporary files."""

from bench.peers.peer import Peer
from bench.scenario import Launch, Scenario

_CONFIG = """\
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 32768; }}
http {{
  access_log off; server_tokens off; keepalive_timeout 600s; keepalive_requests 1000000000; client_max_body_size 0;
  upstream backend {{ server 127.0.0.1:{backend}; keepalive 64; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port} {tls}backlog=4096;
    {certificate}
    proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme;
    proxy_request_buffering off; proxy_max_temp_file_size 0;
    location / {{ proxy_pass http://backend; }}
  }}
}}
"""


def launch(scenario: Scenario) -> Launch:
    """nginx in the foreground: a master and one worker."""
    config = scenario.folder / "nginx.conf"
    config.write_text(
        _CONFIG.format(folder=scenario.folder, port=scenario.port, backend=scenario.backend, **_tls(scenario))
    )
    return Launch(["nginx", "-c", str(config), "-e", str(scenario.folder / "error.log")], {})


def _tls(scenario: Scenario) -> dict[str, str]:
    if scenario.tls is None:
        return {"tls": "", "certificate": ""}
    files = f"ssl_certificate {scenario.tls.certificate}; ssl_certificate_key {scenario.tls.key};"
    asked = f" ssl_client_certificate {scenario.client.certificate}; ssl_verify_client on;" if scenario.client else ""
    return {"tls": "ssl ", "certificate": f"{files} ssl_protocols TLSv1.2 TLSv1.3;{asked}"}


PEER = Peer("nginx", launch, ("nginx", "-v"), offers_tls=True, offers_mtls=True)
