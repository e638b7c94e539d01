"""One version of an API, compiled: the header fields of its answers, and when it is gone."""

from email.utils import formatdate

from hotgate.config.apis import Api, Version
from hotgate.http.headers import Field, encode_fields, valid_field
from hotgate.http.structured_values import Date, write_bare

VERSION_FIELD = b"x-hotgate-api-version"  # tells the backend; no client can send it


class VersionFacts:
    """label: "api version", for counting. block: encoded fields of every answer. ends: those that may come only once.
    mark: what the backend is told. gone_at: epoch seconds, or None.
    """

    __slots__ = ("block", "ends", "gone_at", "label", "mark")

    def __init__(self, api_name: str, name: str, api: Api) -> None:
        version = api.versions[name]
        self.label = f"{api_name} {name}"
        self.mark = valid_field(VERSION_FIELD, name.encode("ascii"))
        self.ends = tuple(_ends(version))
        self.block = encode_fields((*vary_fields(api), *self.ends, *_links(version)))
        is_gone = version.sunset is not None and version.after_sunset == "gone"
        self.gone_at = version.sunset.timestamp() if version.sunset is not None and is_gone else None


def vary_fields(api: Api) -> list[Field]:
    """What a cache must tell apart: one version must not be given for another (RFC 9110 §12.5.5)."""
    names = naming_fields(api)
    return [valid_field(b"vary", ", ".join(names).encode("ascii"))] if names else []


def naming_fields(api: Api) -> list[str]:
    """The header fields in which requests may name a version."""
    return list(dict.fromkeys(place.header or "Accept" for place in api.by if place.query is None))


def _ends(version: Version) -> list[Field]:
    fields: list[Field] = []
    if version.deprecated is not None:
        fields.append((b"deprecation", write_bare(Date(int(version.deprecated.timestamp())))))  # RFC 9745 §2
    if version.sunset is not None:
        date = formatdate(version.sunset.timestamp(), usegmt=True)
        fields.append((b"sunset", date.encode("ascii")))  # RFC 8594 §3: an HTTP-date
    return fields


def _links(version: Version) -> list[Field]:
    links = {
        "deprecation": version.deprecation_link,
        "sunset": version.sunset_link,
        "successor-version": version.successor_link,
    }
    return [
        valid_field(b"link", f'<{target}>; rel="{relation}"'.encode("ascii"))
        for relation, target in links.items()
        if target
    ]
