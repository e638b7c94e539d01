"""What the processes of a gateway share: keys and allowances."""

import http.client
import json
import os
import resource
import signal
import time
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import ECKey

from integration.conftest import COMMAND, Gateway

# Started where dumps are wanted.
DUMPING = f"import resource as r; r.setrlimit(r.RLIMIT_CORE, r.getrlimit(r.RLIMIT_CORE)[1:] * 2); {COMMAND}"

LIMITED = """
  - name: limited
    match: {path: "/limited"}
    public: true
    rate_limit: {limit: 20/hour, by: address}
    respond: {status: 200, body: "ok"}
"""

SIGNED = """
  - name: signed
    match: {path: "/signed"}
    authenticate: [corp]
    respond: {status: 200, body: "ok"}
identity:
  corp: {jwt: {issuer: "https://idp.example.com", audience: api, jwks_file: keys.json, algorithms: [ES256]}}
"""


def admitted(gateway: Gateway, requests: int) -> int:
    return sum(gateway.get("/limited")[0] == 200 for _ in range(requests))


def write_keys(folder: Path, key: ECKey) -> None:
    new = folder / "new.json"
    new.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    new.replace(folder / "keys.json")


def token(key: ECKey) -> str:
    claims = {"iss": "https://idp.example.com", "aud": "api", "sub": "alice", "exp": int(time.time()) + 600}
    return jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key)


def get_signed(gateway: Gateway, bearer: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=30)
    try:
        connection.request("GET", "/signed", headers={"authorization": f"Bearer {bearer}"})
        return connection.getresponse().status
    finally:
        connection.close()


def new_key(name: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": name, "use": "sig"})


def test_a_limit_holds_over_all_workers(gateway: Gateway) -> None:
    gateway.write(workers=2, more=LIMITED)
    gateway.start()
    assert admitted(gateway, 60) == 20


def test_a_limit_survives_the_death_of_the_control_process(gateway: Gateway) -> None:
    gateway.write(workers=2, more=LIMITED)
    gateway.start()
    assert admitted(gateway, 40) == 20
    gateway.signal(signal.SIGKILL)
    gateway.wait_for_exit()
    assert admitted(gateway, 20) == 0
    gateway.start()
    assert admitted(gateway, 40) == 0


def test_a_limit_survives_the_death_of_a_worker(gateway: Gateway) -> None:
    gateway.write(workers=2, more=LIMITED)
    gateway.start()
    first = admitted(gateway, 10)
    victim = gateway.worker_pids()[0]
    os.kill(victim, signal.SIGKILL)
    gateway.until(lambda: len(gateway.worker_pids()) == 2 and victim not in gateway.worker_pids())
    assert first + admitted(gateway, 40) <= 20


def test_keys_are_there_when_the_gateway_is_ready_and_rotate_without_a_reload(gateway: Gateway) -> None:
    old, new = new_key("old"), new_key("new")
    write_keys(gateway.folder, old)
    gateway.write(workers=2, more=SIGNED)
    gateway.start()
    assert [get_signed(gateway, token(old)) for _ in range(10)] == [200] * 10
    write_keys(gateway.folder, new)
    gateway.until(lambda: [get_signed(gateway, token(old)) for _ in range(10)] == [401] * 10)
    assert [get_signed(gateway, token(new)) for _ in range(10)] == [200] * 10


def test_a_token_of_an_unknown_key_has_the_keys_fetched_at_once(gateway: Gateway) -> None:
    old, new = new_key("old"), new_key("new")
    write_keys(gateway.folder, old)
    gateway.write(more=SIGNED)
    gateway.start()
    write_keys(gateway.folder, new)
    assert get_signed(gateway, token(new)) == 200


def test_a_log_that_cannot_be_written_stops_the_start(gateway: Gateway) -> None:
    (gateway.folder / "access.log").mkdir()
    gateway.launch()
    assert gateway.wait_for_exit() == 1
    assert "access_log.path" in gateway.wait_for_log(f"{gateway.file}:8:")["message"]


def test_a_rotated_log_is_reopened(gateway: Gateway) -> None:
    gateway.start()
    log = gateway.folder / "access.log"
    gateway.get()
    gateway.until(lambda: log.read_text().count("\n") == 1)
    log.rename(gateway.folder / "access.log.1")
    gateway.signal(signal.SIGHUP)
    gateway.wait_for_log("the configuration is in force")
    gateway.until(log.exists)
    gateway.get()
    gateway.until(lambda: log.read_text().count("\n") == 1)


def test_a_worker_that_hangs_is_not_ready(gateway: Gateway) -> None:
    gateway.write()
    gateway.start()
    (worker, *_) = gateway.worker_pids()
    os.kill(worker, signal.SIGSTOP)
    try:
        gateway.until(lambda: gateway.admin("/readyz")[0] == 503)
    finally:
        os.kill(worker, signal.SIGCONT)
    gateway.until(lambda: gateway.admin("/readyz")[0] == 200)


def test_no_process_that_holds_secrets_leaves_a_core_dump(gateway: Gateway) -> None:
    gateway.command = DUMPING
    gateway.write(workers=2)
    gateway.start()
    assert gateway.process is not None
    for pid in (gateway.process.pid, *gateway.worker_pids()):
        assert resource.prlimit(pid, resource.RLIMIT_CORE) == (0, 0)
