"""The paths of all receivers of a configuration."""

from collections.abc import Mapping
from typing import Any

from hotgate.config.gateway import Gateway, Identity
from hotgate.config.security_events import SecurityEvents
from hotgate.identity.events.security_event_token import MAX_SET_BYTES
from hotgate.pipeline.gateway_endpoint import GatewayEndpoint
from hotgate.pipeline.route import Step
from hotgate.policies.security_events.named_callers import subject_claim
from hotgate.policies.security_events.set_receiver import SetReceiver
from hotgate.policies.security_events.webhook_receiver import MAX_BODY, WebhookReceiver


def receiver(name: str, config: Gateway, services: Mapping[str, Any]) -> GatewayEndpoint:
    """That of one entry of `security_events`. Raises ValueError where its events could end nothing, or not for good."""
    settings = config.security_events[name]
    for entry in settings.revokes:
        try:
            _check_end(config.identity[entry], settings.keep)
        except ValueError as error:
            raise ValueError(f"events cannot end what is of {entry!r}: {error}") from None
    step, max_body = _step(name, settings, services)
    return GatewayEndpoint(settings.base_path(name), frozenset({"POST"}), step, max_body)


def _check_end(entry: Identity, keep: float) -> None:
    """keep: seconds that a revocation is remembered; a session that outlives it would be good again."""
    subject_claim(entry)
    if entry.mechanism == "oidc" and entry.settings.session.absolute > keep:
        raise ValueError("its sessions live longer than `keep`: write a longer `keep`, or a shorter `absolute`")


def _step(name: str, settings: SecurityEvents, services: Mapping[str, Any]) -> tuple[Step, int]:
    if settings.set_ is not None:
        return SetReceiver(name, settings.set_, services).answer, MAX_SET_BYTES
    assert settings.webhook is not None
    return WebhookReceiver(name, settings, settings.webhook, services).answer, MAX_BODY
