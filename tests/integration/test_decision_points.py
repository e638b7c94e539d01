"""Decision points of a real gateway: workers ask, files of policies are read again, and a bad one changes nothing."""

import signal
from collections.abc import Iterator

import pytest

from integration.backend import backend_running
from integration.conftest import Gateway
from integration.customer import ask
from integration.served import metric, reload, serving

CONFIG = """
upstreams:
  service: {{targets: ["{url}"]}}
  nobody: {{targets: ["http://127.0.0.1:1"]}}
authorization:
  decision_points:
    service: {{ext_authz: {{upstream: service, path_prefix: /check}}, timeout: 5s}}
    gone: {{opa: {{upstream: nobody, path: /v1/data/a}}}}
    rules: {{cedar: {{policies: [rules.cedar], schema: rules.cedarschema, ask: {{principal: {{id: request.client}}}}}}}}
defaults: {{public: true, respond: {{body: ok}}}}
routes:
  - {{name: asked, match: {{path: "/asked"}}, authorize: {{decide: [service]}}}}
  - {{name: ruled, match: {{path: "/ruled"}}, authorize: {{decide: [rules]}}}}
  - {{name: undecided, match: {{path: "/undecided"}}, authorize: {{decide: [gone]}}}}
"""
SCHEMA = 'entity User; entity Route; action "GET" appliesTo { principal: [User], resource: [Route], context: {} };'
PERMIT = 'permit(principal == User::"127.0.0.1", action, resource);'


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("decisions")
    (folder / "rules.cedarschema").write_text(SCHEMA)
    (folder / "rules.cedar").write_text(PERMIT)
    with backend_running() as backend, serving(folder, CONFIG.format(url=backend.url), workers=2) as running:
        yield running


def test_workers_ask_and_count(gateway: Gateway) -> None:
    assert ask(gateway.port, "/asked").status == 200
    assert ask(gateway.port, "/undecided").code == "decision-unavailable"
    gateway.until(lambda: metric(gateway, "hotgate_decisions_total", point="service", result="allowed") == 1)
    gateway.until(lambda: metric(gateway, "hotgate_decisions_total", point="gone", result="unavailable") == 1)


def test_policies_are_read_again_and_bad_ones_change_nothing(gateway: Gateway) -> None:
    rules = gateway.folder / "rules.cedar"
    assert ask(gateway.port, "/ruled").status == 200
    rules.write_text("forbid(principal, action, resource);")
    reload(gateway)
    assert ask(gateway.port, "/ruled").status == 403
    rules.write_text(PERMIT.replace("User", "Usr"))
    gateway.signal(signal.SIGHUP)
    said = gateway.wait_for_log("the configuration is not changed")
    assert "Usr" in str(said)
    assert ask(gateway.port, "/ruled").status == 403
