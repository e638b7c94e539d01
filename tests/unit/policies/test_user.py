import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from hotgate.http.response import Response
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import CompileContext, PhasedStep
from hotgate.policies.user import POLICY
from hotgate.testing import make_exchange, make_principal, run

Write = Callable[[str], str]

GUARD = """
from pydantic import BaseModel, Field
from hotgate import Exchange, Response, policy

class Limits(BaseModel, extra="forbid"):
    opens: int = Field(ge=0, le=24)
    key: str = "none"

@policy(options=Limits)
def guard(exchange: Exchange, limits: Limits) -> Response | None:
    return Response.problem(403, code="closed") if limits.opens > 9 else None

@policy
def plain(exchange: Exchange) -> None:
    exchange.state["seen"] = exchange.request.path

def undecorated(exchange): ...
"""


@pytest.fixture
def write_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Writes a module into an importable folder; returns its name, which no other test uses."""
    monkeypatch.syspath_prepend(str(tmp_path))
    names: list[str] = []

    def write(source: str) -> str:
        name = f"user_policies_{tmp_path.name}_{len(names)}".replace("-", "_").replace("[", "_").replace("]", "_")
        (tmp_path / f"{name}.py").write_text(source)
        names.append(name)
        return name

    yield write
    for name in names:
        sys.modules.pop(name, None)


def compiled(*entries: dict[str, Any]) -> list[PhasedStep]:
    settings = TypeAdapter(POLICY.model).validate_python(list(entries))
    return list(POLICY.compile(settings, CompileContext("orders")))


def test_a_policy_is_found_and_runs(write_module: Write) -> None:
    name = write_module(GUARD)
    (step,) = compiled({"use": f"{name}:plain"})
    exchange = make_exchange(path="/orders")
    assert step.phase is Phase.AUTHORIZE
    assert step.run(exchange) is None
    assert exchange.state == {"seen": "/orders"}


def test_options_reach_the_policy(write_module: Write) -> None:
    name = write_module(GUARD)
    early, late = compiled(
        {"use": f"{name}:guard", "with": {"opens": 8}}, {"use": f"{name}:guard", "with": {"opens": 10}}
    )
    assert early.run(make_exchange()) is None
    answer = late.run(make_exchange())
    assert isinstance(answer, Response)
    assert answer.code == "closed"


def test_async_policies_answer_when_awaited(write_module: Write) -> None:
    name = write_module("""
from hotgate import Response, policy

@policy
async def refuse(exchange):
    return Response(403)

@policy
async def muddle(exchange):
    return True
""")
    answer = run(compiled({"use": f"{name}:refuse"}), make_exchange())
    assert answer is not None
    assert answer.status == 403
    with pytest.raises(TypeError, match="muddle returned bool"):
        run(compiled({"use": f"{name}:muddle"}), make_exchange())


def test_a_policy_may_authenticate(write_module: Write) -> None:
    name = write_module("""
from hotgate import Principal, policy

@policy(phase="authenticate")
def by_name(exchange):
    exchange.principal = Principal("alice", provider="custom", mechanism="custom")
""")
    exchange = make_exchange()
    (step,) = compiled({"use": f"{name}:by_name"})
    assert step.phase is Phase.AUTHENTICATE
    step.run(exchange)
    assert exchange.principal is not None
    assert exchange.principal.subject == "alice"


def test_a_policy_may_replace_the_response(write_module: Write) -> None:
    name = write_module("""
from hotgate import Response, policy

@policy(phase="respond")
def hide(exchange):
    if exchange.response.status >= 500:
        return Response.problem(502, code="backend-failed")
""")
    steps = compiled({"use": f"{name}:hide"})
    exchange = make_exchange(response=Response(500, body=None))
    run(steps, exchange)
    assert exchange.response is not None
    assert exchange.response.status == 502
    assert run(steps, make_exchange(response=Response(200, body=None))) is None


@pytest.mark.parametrize("outcome", ["True", "False", "403", "'no'", "exchange"])
def test_what_is_no_answer_is_never_a_pass(outcome: str, write_module: Write) -> None:
    name = write_module(f"from hotgate import policy\n@policy\ndef muddle(exchange):\n    return {outcome}\n")
    (step,) = compiled({"use": f"{name}:muddle"})
    with pytest.raises(TypeError, match=r"muddle returned .*; a policy returns None or a Response"):
        step.run(make_exchange())


def test_what_a_policy_raises_is_raised(write_module: Write) -> None:
    name = write_module("from hotgate import policy\n@policy\ndef broken(exchange):\n    return 1 / 0\n")
    (step,) = compiled({"use": f"{name}:broken"})
    with pytest.raises(ZeroDivisionError):
        step.run(make_exchange(principal=make_principal()))


def test_a_body_policy_says_how_much(write_module: Write) -> None:
    name = write_module("from hotgate import policy\n@policy(body='64KiB')\ndef look(exchange): ...\n")
    (step,) = compiled({"use": f"{name}:look"})
    assert step.body_limit == 65536


@pytest.mark.parametrize(
    ("use", "values", "message"),
    [
        ("no_such_package.policies:x", {}, "no module 'no_such_package'; the folder of the configuration file"),
        ("json.no_such:x", {}, "no module 'json.no_such'"),
        ("{module}:missing", {}, "the module has no 'missing'"),
        ("{module}:undecorated", {}, "'undecorated' is not a policy; put @policy"),
        ("os:system", {}, "'system' is not a policy"),
        ("{module}:plain", {"a": 1}, "takes no options; remove `with`"),
        ("{module}:guard", {}, "with.opens: Field required"),
        ("{module}:guard", {"opens": 25, "close": 1}, "with.opens: .*; with.close: "),
    ],
)
def test_mistakes_are_named(use: str, values: dict[str, Any], message: str, write_module: Write) -> None:
    module = write_module(GUARD)
    with pytest.raises(ValueError, match=message):
        compiled({"use": use.format(module=module), "with": values})


def test_every_mistake_is_named_at_once(write_module: Write) -> None:
    module = write_module(GUARD)
    with pytest.raises(ValueError, match=r"has no 'a'; .*has no 'b'"):
        compiled({"use": f"{module}:a"}, {"use": f"{module}:plain"}, {"use": f"{module}:b"})


def test_errors_show_no_option_value(write_module: Write) -> None:
    module = write_module(GUARD)
    with pytest.raises(ValueError, match=r"with\.key") as caught:
        compiled({"use": f"{module}:guard", "with": {"opens": "s3cr3t", "key": ["s3cr3t"]}})
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import no_such_dependency", "importing it failed: No module named 'no_such_dependency'"),
        ("1 / 0", "importing it failed: ZeroDivisionError"),
        ("def (", "importing it failed: SyntaxError"),
        ("from hotgate import policy\n@policy(phase='later')\ndef x(e): ...", "unknown phase 'later'"),
        ("from hotgate import policy\n@policy\ndef x(e, options): ...", r"called with \(exchange\)"),
    ],
)
def test_a_module_that_fails_says_why(source: str, message: str, write_module: Write) -> None:
    with pytest.raises(ValueError, match=message):
        compiled({"use": f"{write_module(source)}:x"})


@pytest.mark.parametrize("use", ["module", "module:", ":name", "a.b", "../evil:x", "a:b.c", "a b:c", "a:b\n", 7, None])
def test_use_has_one_form(use: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(POLICY.model).validate_python([{"use": use}])


def test_unknown_keys_are_errors() -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(POLICY.model).validate_python([{"use": "a:b", "wiht": {}}])
