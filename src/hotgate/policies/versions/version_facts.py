"""One version of an API, compiled: the header fields of its answers, and when it is gone."""

from email.utils import formatdate

from hotgate.config.apis import Version
from hotgate.http.headers import Field, valid_field
from hotgate.http.structured_values import Date, write_bare

_FIELD = b"x-hotgate-api-version"  # tells the backend; no client can send it


class VersionFacts:
    """label: "api version", for counting. fields: of every answer. mark: what the backend is told. gone_at: epoch
    seconds, or None.
    """

    __slots__ = ("fields", "gone_at", "label", "mark")

    def __init__(self, api: str, name: str, version: Version) -> None:
        self.label = f"{api} {name}"
        self.mark = valid_field(_FIELD, name.encode("ascii"))
        self.fields = tuple(_fields(version))
        is_gone = version.sunset is not None and version.after_sunset == "gone"
        self.gone_at = version.sunset.timestamp() if version.sunset is not None and is_gone else None


def _fields(version: Version) -> list[Field]:
    fields: list[Field] = []
    if version.deprecated is not None:
        fields.append((b"deprecation", write_bare(Date(int(version.deprecated.timestamp())))))  # RFC 9745 §2
    if version.sunset is not None:
        date = formatdate(version.sunset.timestamp(), usegmt=True)
        fields.append((b"sunset", date.encode("ascii")))  # RFC 8594 §3: an HTTP-date
    links = {
        "deprecation": version.deprecation_link,
        "sunset": version.sunset_link,
        "successor-version": version.successor_link,
    }
    fields += [
        valid_field(b"link", f'<{target}>; rel="{relation}"'.encode("ascii"))
        for relation, target in links.items()
        if target
    ]
    return fields
