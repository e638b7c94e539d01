"""One entry of `authorization.decision_points`."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from hotgate.config.cel_expression import CelExpression
from hotgate.config.decision_points.asked_service import AskedService
from hotgate.config.decision_points.authzen import AuthZen
from hotgate.config.decision_points.cedar import Cedar
from hotgate.config.decision_points.ext_authz import ExtAuthz
from hotgate.config.decision_points.opa import Opa
from hotgate.config.decision_points.openfga import OpenFga
from hotgate.config.notation import refused
from hotgate.config.settings import Settings, WholeNumber, given
from hotgate.config.units import DurationBetween, SizeBetween

KINDS = ("authzen", "opa", "ext_authz", "openfga", "cedar")


class KeptDecisions(Settings):
    """How long answers are believed. A change at the decision point has no effect until then."""

    allowed: Annotated[float, DurationBetween("0s", "1h")] = Field(
        alias="for",
        description="How long a permission holds, and never longer than the caller's credential. `0s`: not at all.",
    )
    denied: Annotated[float, DurationBetween("0s", "1h")] = Field(
        default=0.0, alias="denied_for", description="How long a denial holds. `0s`: not at all."
    )
    # An empty list would be one answer for everybody.
    key: Annotated[tuple[CelExpression, ...], Field(min_length=1, max_length=16)] = Field(
        default=(),
        description="CEL for text: what an answer depends on. Two requests of a route that are equal in all of these"
        " get one answer, whatever else differs. Not set: the whole question.",
    )
    entries: Annotated[int, WholeNumber(1, 1_000_000)] = Field(
        default=10_000, description="Permissions that each worker keeps, and as many denials."
    )


class Breaker(Settings):
    """When the decision point is left alone, because it does not answer."""

    consecutive_failures: Annotated[int, WholeNumber(0, 1000)] = Field(
        default=5,
        description="Questions in a row without an answer, or answered 502, 503 or 504, after which no worker that saw"
        " them asks. 0: never. Envoy: `consecutive_gateway_failure`, 5.",
    )
    duration: Annotated[float, DurationBetween("100ms", "10m")] = Field(
        default=2.0, alias="for", description="For how long, the first time; then one question tries. It grows by that."
    )
    longest: Annotated[float, DurationBetween("100ms", "1h")] = Field(
        default=30.0, description="The longest such time."
    )


class DecisionPoint(Settings):
    """Who is asked, and what an answer or its lack means."""

    authzen: AuthZen | None = Field(default=None, description="OpenID AuthZEN Authorization API 1.0.")
    opa: Opa | None = Field(default=None, description="Open Policy Agent.")
    ext_authz: ExtAuthz | None = Field(default=None, description="A service as for Envoy's `ext_authz` over HTTP.")
    openfga: OpenFga | None = Field(default=None, description="OpenFGA.")
    cedar: Cedar | None = Field(default=None, description="Cedar policies in the gateway itself.")
    timeout: Annotated[float, DurationBetween("10ms", "10s")] = Field(
        default=0.2,
        description="How long an answer may take, from the first byte sent to the last received."
        " Envoy's `ext_authz`: 200 ms.",
    )
    cache: KeptDecisions | None = Field(default=None, description="How long answers are believed. Not set: not at all.")
    on_failure: Literal["deny", "allow"] = Field(
        default="deny",
        description="What becomes of a request that nobody decides about: `deny` answers 503 `decision-unavailable`;"
        " `allow` lets everybody pass while the decision point is gone: without an answer, or answered 502, 503 or 504."
        " Any other that makes no sense is 503 all the same, for a caller may have brought it about."
        " Envoy: `failure_mode_allow`.",
    )
    breaker: Breaker = Field(default=Breaker(), description="When a decision point that does not answer is left alone.")
    max_answer: Annotated[int, SizeBetween("1KiB", "1MiB")] = Field(
        default=64 * 1024, description="The largest body of an answer; a larger one is no answer."
    )

    @property
    def kind(self) -> str:
        """Its key in the file."""
        return str(given(self, KINDS)[0])

    @property
    def settings(self) -> Any:
        """Those of its kind."""
        return getattr(self, self.kind)

    @property
    def service(self) -> AskedService | None:
        """Who is asked over HTTP; None for what is decided here."""
        return self.settings if isinstance(self.settings, AskedService) else None

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> "DecisionPoint":
        if len(given(self, KINDS)) != 1:
            raise refused(f"needs exactly one of {', '.join(KINDS)}")
        beside = sorted(self.model_fields_set - {"cedar"})
        if self.cedar is not None and beside:
            raise refused(f"`{beside[0]}` is for services that are asked; Cedar decides in the gateway itself")
        return self

    def dangers(self) -> Iterator[tuple[str, str, str]]:
        """Weak choices: key, what is wrong with it, what to do instead."""
        if self.on_failure == "allow":
            yield "on_failure", "whoever can make this decision point fail gets past it", "use `deny`, the default"
        if self.ext_authz is not None and self.ext_authz.path_prefix is None:
            says = "clients choose which endpoint of the service is asked, and any 2xx of any of them lets them pass"
            yield "ext_authz", says, "give it a `path_prefix` under which there is nothing else"
