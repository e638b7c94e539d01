"""The backend of the small requests: nginx with a fixed JSON answer of 137 bytes, keep-alive, no access log."""

from pathlib import Path

BODY = (
    '{"id":7,"status":"shipped","items":[{"sku":"A-1001","quantity":2},{"sku":"B-2040","quantity":1}],'
    '"total":"129.90","currency":"EUR","v":1}'
)

_CONFIG = """\
daemon off; pid {folder}/backend.pid; error_log {folder}/backend.log; worker_processes 1;
events {{ worker_connections 32768; }}
http {{
  access_log off; default_type application/json; keepalive_timeout 600s; keepalive_requests 1000000000;
  server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ return 200 '{body}'; }} }}
}}
"""


def backend_command(folder: Path, port: int) -> list[str]:
    """The command line of a backend that listens on 127.0.0.1:`port`; its configuration goes to `folder`."""
    config = folder / "backend.conf"
    config.write_text(_CONFIG.format(folder=folder, port=port, body=BODY))
    return ["nginx", "-c", str(config), "-e", str(folder / "backend.log")]
