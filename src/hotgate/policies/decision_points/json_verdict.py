"""A decision in JSON with what stands beside it → a verdict."""

from collections.abc import Mapping
from typing import Any

from hotgate.policies.decision_points.contract import Verdict
from hotgate.policies.decision_points.field_changes import FieldChanges, Unfulfillable

NO_REASON = "the decision point denies it"


def json_verdict(
    beside: Mapping[str, Any], changes: FieldChanges, *, allowed: bool, reason: str, said_to_client: str = ""
) -> Verdict:
    """beside: the object with `headers`, `response_headers` and `obligations`. Raises NoDecision.

    A permission that asks for what is not understood or not listed is a denial; a denial stays one, whatever it asks.
    """
    try:
        to_upstream, to_client = changes.wanted(beside)
    except Unfulfillable as error:
        return Verdict(False, str(error) if allowed else reason or NO_REASON, said_to_client)
    if allowed:
        return Verdict(True, reason, "", to_upstream, to_client)
    return Verdict(False, reason or NO_REASON, said_to_client, (), to_client)
