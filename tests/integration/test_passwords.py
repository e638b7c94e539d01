"""Names and passwords through real processes: who gets in, who does not, and a file that changes."""

from base64 import b64encode
from collections.abc import Iterator

import pytest

from hotgate.identity.passwords.password_hash import hashed
from integration.backend import backend_running
from integration.conftest import Gateway
from integration.customer import Answer, ask
from integration.served import serving

CONFIG = """
identity:
  staff:
    basic:
      users: {{ada: {{hash: "{hash}", roles: [admin]}}}}
      users_file: staff.htpasswd
brute_force: {{exempt: ["127.0.0.1"]}}
upstreams:
  echo: {{targets: ["{url}"]}}
routes:
  - {{name: staff, match: {{path: "/staff"}}, authenticate: [staff], upstream: echo}}
  - {{name: admin, match: {{path: "/admin"}}, authenticate: [staff], authorize: {{roles: [admin]}}, upstream: echo}}
"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("passwords")
    (folder / "staff.htpasswd").write_text(f"bob:{hashed('builder')}\n")
    with backend_running() as backend:
        text = CONFIG.format(hash=hashed("lovelace"), url=backend.url)
        with serving(folder, text, workers=2, watch=True) as running:
            yield running


def sent(gateway: Gateway, path: str, name: str, password: str) -> Answer:
    value = "Basic " + b64encode(f"{name}:{password}".encode()).decode()
    return ask(gateway.port, path, [("Authorization", value)])


def test_the_right_ones_get_in_and_the_backend_sees_no_password(gateway: Gateway) -> None:
    assert sent(gateway, "/admin", "ada", "lovelace").status == 200
    answer = sent(gateway, "/staff", "bob", "builder")
    assert answer.status == 200
    got = dict(answer.json["fields"])
    assert got["x-auth-subject"] == "bob"
    assert "authorization" not in got
    assert sent(gateway, "/admin", "bob", "builder").status == 403


@pytest.mark.parametrize(("name", "password"), [("ada", "builder"), ("eve", "lovelace"), ("ada", "lovelac")])
def test_the_wrong_ones_do_not(gateway: Gateway, name: str, password: str) -> None:
    answer = sent(gateway, "/staff", name, password)
    assert (answer.status, answer.code) == (401, "password-wrong")
    assert answer.field("www-authenticate") == 'Basic realm="staff", charset="UTF-8"'


def test_nothing_of_a_password_is_logged(gateway: Gateway) -> None:
    sent(gateway, "/staff", "ada", "wrong-and-secret")
    everything = str(gateway.log) + (gateway.folder / "access.log").read_text()
    assert "wrong-and-secret" not in everything
    assert b64encode(b"ada:wrong-and-secret").decode() not in everything


def test_a_file_that_changes_changes_who_gets_in(gateway: Gateway) -> None:
    new = gateway.folder / "new.htpasswd"
    new.write_text(f"carol:{hashed('singer')}\n")
    new.replace(gateway.folder / "staff.htpasswd")
    gateway.until(lambda: sent(gateway, "/staff", "carol", "singer").status == 200)
    assert sent(gateway, "/staff", "bob", "builder").status == 401
