"""`release.rules`: requests that go to one side whatever the shares say."""

from collections.abc import Callable, Mapping

from hotgate.identity.rights import has_claim
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.policy import CompileContext, WrongSetting
from hotgate.policies.conditions.attributes import route_attributes
from hotgate.policies.conditions.condition import compile_condition
from hotgate.policies.releases.release_settings import Rule

Test = Callable[[Exchange], bool]
"""Whether a rule fits; raises ConditionFailed when nobody can say."""


def compile_test(rule: Rule, context: CompileContext) -> Test:
    """Raises WrongSetting."""
    if rule.header is not None:
        return _header_test({name.lower().encode(): value.encode("latin-1") for name, value in rule.header.items()})
    if rule.claim is not None:
        return _claim_test(rule.claim)
    try:
        return compile_condition(rule.when or "", route_attributes(context)).holds
    except ValueError as error:
        raise WrongSetting(("when",), str(error)) from None


def _header_test(wanted: Mapping[bytes, bytes]) -> Test:
    """A field that is there twice fits no rule, for servers disagree on which of the two counts."""

    def fits(exchange: Exchange) -> bool:
        headers = exchange.request.headers
        return all(headers.get_all(name) == [value] for name, value in wanted.items())

    return fits


def _claim_test(wanted: Mapping[str, str | int | bool]) -> Test:
    def fits(exchange: Exchange) -> bool:
        principal = exchange.principal
        return principal is not None and all(has_claim(principal, name, value) for name, value in wanted.items())

    return fits
