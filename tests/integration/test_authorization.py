"""The example of docs/authorization with real processes: it answers as the page says, and a reload changes who may."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.conftest import Gateway
from integration.customer import Customer, ask
from integration.served import reload, serving, write

PAGE = (Path(__file__).parents[2] / "docs" / "authorization" / "README.md").read_text(encoding="utf-8")
_EXAMPLE = PAGE.partition("```yaml\n")[2].partition("```")[0].partition("\n")[2]  # the test has its own listener
_COMMAND = re.compile(
    r'^curl -H "X-Api-Key: ([\w-]+)"(?: -X (\w+))? http://127.0.0.1:8080(\S+) +# (?:(403), )?([^:\n]+)', re.MULTILINE
)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with serving(tmp_path_factory.mktemp("authorization"), _EXAMPLE, workers=2) as running:
        yield running


def test_the_example_answers_as_the_page_says(gateway: Gateway) -> None:
    commands = _COMMAND.findall(PAGE)
    assert len(commands) == 5
    for key, method, path, status, says in commands:
        answer = ask(gateway.port, path, [("X-Api-Key", key)], method=method or "GET")
        assert answer.status == int(status or 200)
        assert says == (answer.json["detail"] if status else answer.body.decode())


def test_a_role_that_loses_a_permission_loses_it_with_the_reload(gateway: Gateway) -> None:
    key = [("X-Api-Key", "key-of-ada")]
    with Customer(gateway.port) as kept:
        assert kept.ask("/orders/ada", key, method="POST").status == 200
        less = _EXAMPLE.replace(
            '["orders:write"]}\n  policies', '[]}\n    boss: {permissions: ["orders:write"]}\n  policies'
        )
        assert less != _EXAMPLE
        write(gateway, less, workers=2)
        reload(gateway)
        assert kept.ask("/orders/ada", key, method="POST").code == "forbidden"
        assert kept.ask("/orders/ada", key).status == 200
        write(gateway, _EXAMPLE.replace("path.owner ==", "path.ownr =="), workers=2)
        gateway.signal(signal.SIGHUP)
        told = gateway.wait_for_log("the configuration is not changed")["message"]
        assert "authorization.policies.own-orders[0].allow: rule 'owner' on route 'orders'" in told
        assert kept.ask("/orders/ada", key).status == 200
