"""What the processes of a gateway share: keys and allowances."""

import http.client
import json
import os
import resource
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from integration.conftest import COMMAND, Gateway
from integration.served import reload

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


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with one worker and a file of keys, for tests that end neither."""
    made = Gateway(tmp_path_factory.mktemp("signed"))
    write_keys(made.folder, new_key("first"))
    made.write(more=SIGNED)
    made.start()
    yield made
    made.end()


def test_a_limit_holds_over_all_workers_and_survives_the_death_of_the_control_process(gateway: Gateway) -> None:
    gateway.write(workers=2, more=LIMITED)
    gateway.start()
    assert admitted(gateway, 60) == 20
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


def test_a_token_of_an_unknown_key_has_the_keys_fetched_at_once(signed: Gateway) -> None:
    new = new_key("new")
    write_keys(signed.folder, new)
    assert get_signed(signed, token(new)) == 200


def test_a_log_that_cannot_be_written_stops_the_start(gateway: Gateway) -> None:
    (gateway.folder / "access.log").mkdir()
    gateway.launch()
    assert gateway.wait_for_exit() == 1
    assert "access_log.path" in gateway.wait_for_log(f"{gateway.file}:8:")["message"]


def test_a_rotated_log_is_reopened(signed: Gateway) -> None:
    log = signed.folder / "access.log"
    signed.get("/rotated")
    signed.until(lambda: "/rotated" in log.read_text())
    log.rename(signed.folder / "access.log.1")
    reload(signed)
    signed.until(log.exists)
    signed.get()
    signed.until(lambda: log.read_text().count("\n") == 1)


def test_a_worker_that_hangs_is_not_ready(signed: Gateway) -> None:
    (worker, *_) = signed.worker_pids()
    os.kill(worker, signal.SIGSTOP)
    try:
        signed.until(lambda: signed.admin("/readyz")[0] == 503)
    finally:
        os.kill(worker, signal.SIGCONT)
    signed.until(lambda: signed.admin("/readyz")[0] == 200)


def test_no_process_that_holds_secrets_leaves_a_core_dump(gateway: Gateway) -> None:
    gateway.command = DUMPING
    gateway.write(workers=2)
    gateway.start()
    assert gateway.process is not None
    for pid in (gateway.process.pid, *gateway.worker_pids()):
        assert resource.prlimit(pid, resource.RLIMIT_CORE) == (0, 0)
