"""HAProxy in HTTP mode: one thread, connections to the backend always reused, tokens checked by `jwt_verify`."""

from bench.peers.peer import Peer
from bench.scenario import Launch, Scenario, Security

_CONFIG = """\
global
  nbthread 1
  maxconn 20000
  no strict-limits
defaults
  mode http
  http-reuse always
  option forwardfor
  timeout connect 2s
  timeout client 600s
  timeout server 600s
  timeout http-keep-alive 600s
frontend web
  bind 127.0.0.1:{port} backlog 4096{tls}
{security}  default_backend api
backend api
  server one 127.0.0.1:{backend} pool-max-conn 64
{table}"""

_SECURITY = """\
  http-request set-var(txn.token) http_auth_bearer
  http-request deny deny_status 401 unless {{ var(txn.token) -m found }}
  http-request deny deny_status 401 unless {{ var(txn.token),jwt_header_query('$.alg') -m str RS256 }}
  http-request deny deny_status 401 unless {{ var(txn.token),jwt_verify("RS256","{public_key}") 1 }}
  http-request deny deny_status 401 unless {{ var(txn.token),jwt_payload_query('$.iss') -m str {issuer} }}
  http-request deny deny_status 401 unless {{ var(txn.token),jwt_payload_query('$.aud') -m str {audience} }}
  http-request set-var(txn.now) date()
  http-request set-var(txn.left) var(txn.token),jwt_payload_query('$.exp','int'),sub(txn.now)
  http-request deny deny_status 401 unless {{ var(txn.left) -m int gt 0 }}
  http-request set-var(txn.scope) var(txn.token),jwt_payload_query('$.scope')
  http-request deny deny_status 403 unless {{ var(txn.scope) -m reg (^|[[:space:]]){scope}([[:space:]]|$) }}
  http-request track-sc0 var(txn.token),jwt_payload_query('$.sub') table subjects
  http-request deny deny_status 429 if {{ sc_http_req_rate(0,subjects) gt {per_minute} }}
"""

_TABLE = """\
backend subjects
  stick-table type string len 64 size 100k expire 2m store http_req_rate(1m)
"""


def launch(scenario: Scenario) -> Launch:
    """HAProxy in the foreground, one process."""
    secured = scenario.security is not None
    config = scenario.folder / "haproxy.cfg"
    config.write_text(
        _CONFIG.format(
            port=scenario.port,
            backend=scenario.backend,
            tls=f" ssl crt {scenario.tls.both}" if scenario.tls else "",
            security=_rules(scenario.security) if scenario.security else "",
            table=_TABLE if secured else "",
        )
    )
    return Launch(["haproxy", "-db", "-f", str(config)], {})


def _rules(security: Security) -> str:
    return _SECURITY.format(
        public_key=security.public_key,
        issuer=security.issuer,
        audience=security.audience,
        scope=security.scope,
        per_minute=security.per_minute,
    )


PEER = Peer(
    "HAProxy",
    launch,
    ("haproxy", "-v"),
    security="`jwt_verify` on every request (it keeps no cache), `jwt_payload_query`, a stick table by subject",
    offers_tls=True,
)
