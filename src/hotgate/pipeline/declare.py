"""The `policy` decorator: how a function becomes a policy that a route can name in its `policies:`."""

import inspect
from collections.abc import Callable
from typing import overload

from pydantic import BaseModel

from hotgate.config.units import parse_size
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import PolicyFunction, UserPolicy

MAX_BODY_BYTES = 64 * 1024 * 1024  # held in memory for each request that waits for its body

_PHASES = {phase.name.lower(): phase for phase in Phase}


@overload
def policy(function: PolicyFunction, /) -> UserPolicy: ...


@overload
def policy(
    *, phase: str = "authorize", options: type[BaseModel] | None = None, body: str | None = None
) -> Callable[[PolicyFunction], UserPolicy]: ...


def policy(
    function: PolicyFunction | None = None,
    /,
    *,
    phase: str = "authorize",
    options: type[BaseModel] | None = None,
    body: str | None = None,
) -> UserPolicy | Callable[[PolicyFunction], UserPolicy]:
    """Declare a function, plain or `async`, as a policy; with or without arguments.

    phase: `admit`, `authenticate`, `authorize`, `limit`, `shape`, `respond` or `finish`. options: a pydantic model; the
    function then gets an instance, filled from the route's `with:`, as its second argument. body: the largest request
    body the function wants to see, such as "64KiB"; larger ones are answered 413 before it is called.
    Raises ValueError or TypeError, which say what is wrong, when the module is imported.
    """
    where = _phase_of(phase)
    limit = _body_limit(body, where)
    if options is not None and not (inspect.isclass(options) and issubclass(options, BaseModel)):
        raise TypeError("options must be a pydantic model: a subclass of pydantic.BaseModel")

    def declare(function: PolicyFunction) -> UserPolicy:
        _check_function(function, where, options)
        return UserPolicy(function, where, options, limit)

    return declare if function is None else declare(function)


def _phase_of(name: str) -> Phase:
    if name not in _PHASES:
        raise ValueError(f"unknown phase {name!r}; use one of {', '.join(_PHASES)}")
    return _PHASES[name]


def _body_limit(body: str | None, phase: Phase) -> int:
    if body is None:
        return 0
    if phase > Phase.SHAPE:
        raise ValueError(
            f"a policy in phase {phase.name.lower()} runs after the body was sent on; it cannot ask for it"
        )
    limit = parse_size(body)
    if not 0 < limit <= MAX_BODY_BYTES:
        raise ValueError(f"body must be from 1 byte to {MAX_BODY_BYTES // 1024**2}MiB, not {body!r}")
    return limit


def _check_function(function: PolicyFunction, phase: Phase, options: type[BaseModel] | None) -> None:
    if not callable(function) or inspect.isclass(function):
        raise TypeError(f"a policy is a function, not {function!r}")
    name = getattr(function, "__qualname__", repr(function))
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(f"{name} yields; a policy returns None or a Response")
    if phase is Phase.FINISH and inspect.iscoroutinefunction(function):
        raise TypeError(f"{name} is async, but nothing waits for a policy in phase finish")
    _check_arguments(function, name, options)


def _check_arguments(function: PolicyFunction, name: str, options: type[BaseModel] | None) -> None:
    wanted = "(exchange)" if options is None else "(exchange, options)"
    try:
        inspect.signature(function).bind(*([None] * (1 if options is None else 2)))
    except TypeError:
        hint = "; declare @policy(options=YourModel) to get options" if options is None else ""
        raise TypeError(f"{name} is called with {wanted}, which its parameters do not accept{hint}") from None
