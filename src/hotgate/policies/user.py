"""`policies`: the user's own policies, written in Python with the `policy` decorator (docs/policies.md).

policies:
  - {use: "mypackage.policies:business_hours", with: {opens: 9, closes: 18}}
"""

import importlib
import inspect
import re
from collections.abc import Awaitable, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from hotgate.config.settings import Form, Settings
from hotgate.http.response import Response
from hotgate.identity.principal import Principal
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.policy import CompileContext, PhasedStep, PolicyFunction, PolicySpec, UserPolicy
from hotgate.pipeline.route import Outcome, Step

_USE = Form(
    r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*:[A-Za-z_][A-Za-z0-9_]*",
    'use "module:name", such as mypackage.policies:business_hours',
)

# What frames a request is left out by these names, and would not be found in another spelling.
_are_plain = re.compile(rb"[!#$%&'*+\-.^_`|~0-9a-z]*").fullmatch


class UserPolicySettings(Settings):
    """One policy of the user's own, and its options."""

    use: Annotated[str, _USE] = Field(description='Where the policy is: "module:name".')
    with_: dict[str, Any] = Field(default={}, alias="with", description="Its options, checked by its own model.")


def step_of(policy: UserPolicy, options: BaseModel | None = None) -> PhasedStep:
    """The step that runs a policy. It raises TypeError when the policy returns what is no answer: never a pass."""
    function = policy.function if options is None else _with_options(policy.function, options)
    return PhasedStep(policy.phase, _checked(function), policy.body_limit)


def options_of(policy: UserPolicy, values: dict[str, Any]) -> BaseModel | None:
    """The validated options of a policy. Raises ValueError, which names every wrong option and shows no value."""
    if policy.options is None:
        if values:
            raise ValueError("takes no options; remove `with`, or declare @policy(options=YourModel)")
        return None
    try:
        return policy.options.model_validate(values)
    except ValidationError as error:
        raise ValueError("; ".join(_option_errors(error))) from None


def _compile(settings: Sequence[UserPolicySettings], context: CompileContext) -> Sequence[PhasedStep]:
    steps = []
    problems = []
    for entry in settings:
        try:
            policy = _resolved(entry.use)
            steps.append(step_of(policy, options_of(policy, entry.with_)))
        except ValueError as error:
            problems.append(f"{entry.use}: {error}")
    if problems:
        raise ValueError("; ".join(problems))
    return steps


def _resolved(use: str) -> UserPolicy:
    module_name, _, name = use.partition(":")
    importlib.invalidate_caches()  # the file may be younger than this process
    module = _imported(module_name)
    if not hasattr(module, name):
        raise ValueError(f"the module has no {name!r}")
    policy = getattr(module, name)
    if not isinstance(policy, UserPolicy):
        raise ValueError(f"{name!r} is not a policy; put @policy from hotgate above its definition")
    return policy


def _imported(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise ValueError(
                f"no module {error.name!r}; the folder of the configuration file and installed packages are searched"
            ) from None
        raise ValueError(f"importing it failed: {error}") from error
    except Exception as error:
        raise ValueError(f"importing it failed: {type(error).__name__}: {error}") from error


def _option_errors(error: ValidationError) -> list[str]:
    errors = error.errors(include_url=False, include_input=False, include_context=False)
    return [f"with.{'.'.join(map(str, each['loc']))}: {each['msg']}" if each["loc"] else each["msg"] for each in errors]


def _with_options(function: PolicyFunction, options: BaseModel) -> Step:
    def run_with_options(exchange: Exchange) -> Outcome | Awaitable[Outcome]:
        return function(exchange, options)

    return run_with_options


def _checked(function: PolicyFunction) -> Step:
    def run(exchange: Exchange) -> Outcome | Awaitable[Outcome]:
        outcome = function(exchange)
        if inspect.isawaitable(outcome):
            return _awaited(outcome, function, exchange)
        return _checked_outcome(outcome, function, exchange)

    return run


async def _awaited(awaitable: Awaitable[Any], function: PolicyFunction, exchange: Exchange) -> Outcome:
    return _checked_outcome(await awaitable, function, exchange)


def _checked_outcome(outcome: Any, function: PolicyFunction, exchange: Exchange) -> Outcome:
    """What the rest of the gateway relies on, before it does. Raises TypeError."""
    if outcome is not None and not isinstance(outcome, Response):
        raise _no_answer(outcome, function)
    if exchange.principal is not None and not isinstance(exchange.principal, Principal):
        raise TypeError("exchange.principal must be a Principal")
    if not _are_plain(b"".join([name for name, _ in exchange.request.headers.fields])):
        raise TypeError("names of header fields are lower-case tokens; Headers.set and Headers.add see to it")
    return outcome


def _no_answer(outcome: Any, function: PolicyFunction) -> TypeError:
    """`return False` looks like a refusal and `return True` like a pass; the gateway answers 500 to both."""
    name = getattr(function, "__qualname__", "a policy")
    return TypeError(f"{name} returned {type(outcome).__name__}; a policy returns None or a Response")


POLICY = PolicySpec("policies", tuple[UserPolicySettings, ...], _compile)
