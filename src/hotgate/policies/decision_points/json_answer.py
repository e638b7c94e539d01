"""What every answer in JSON must be before anybody looks for a decision in it."""

from typing import Any

from hotgate.identity.strict_json import parse_object
from hotgate.policies.decision_points.contract import OUTAGES, NoDecision
from hotgate.upstream.side_call import SideAnswer

_JSON = b"application/json"


def json_object(answer: SideAnswer) -> dict[str, Any]:
    """The object that a 200 holds. Raises NoDecision for any other answer.

    Any other status says something about the question or the service, nothing about the request.
    """
    if answer.status != 200:
        raise NoDecision(f"status {answer.status} instead of 200", is_outage=answer.status in OUTAGES)
    fields = dict(answer.fields)
    media_type = fields.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if media_type != _JSON or b"content-encoding" in fields:
        raise NoDecision("the answer is not plain application/json")
    try:
        return parse_object(answer.body)
    except ValueError as error:
        raise NoDecision(f"the answer is no JSON object that everybody reads alike: {error}") from None


def boolean(container: Any, name: str) -> bool:
    """A member that is true or false. Raises NoDecision: "true" and 1 are true only to some."""
    value = container.get(name) if isinstance(container, dict) else None
    if not isinstance(value, bool):
        raise NoDecision(f"`{name}` is neither true nor false")
    return value


def text_of(value: Any, most: int = 300) -> str:
    """A reason for people, in one line: text, or the first text in an object by language. Empty if there is none."""
    if isinstance(value, dict):
        texts = [text for _, text in sorted(value.items(), key=lambda item: not item[0].startswith("en"))]
        value = next((text for text in texts if isinstance(text, str)), "")
    if not isinstance(value, str):
        return ""
    return "".join(character if character.isprintable() else " " for character in value[:most])
