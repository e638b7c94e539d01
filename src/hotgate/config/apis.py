"""`apis:`: which versions an API has, how requests say which one they want, and how long each is there."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from hotgate.config.notation import refused
from hotgate.config.routes import QueryName
from hotgate.config.settings import Form, HeaderName, Settings, given
from hotgate.config.timestamp import Timestamp

VersionName = Annotated[
    str, Form(r"[A-Za-z0-9][A-Za-z0-9.-]{0,31}", "use a version such as v2, 2 or 2026-10-01: letters, digits, '.', '-'")
]
_MEDIA_TYPE = Form(r"[A-Za-z0-9!#$&^_-]+/[A-Za-z0-9!#$&^_.-]{1,128}", "use a media type without version and suffix")
_Link = Annotated[str, Form(r"(https?://|/)[!#-;=?-\[\]_a-z~%]{0,2048}", "use an http(s) URL or a path")]


def plain_version(text: str) -> str:
    """What is compared: in lower case, and without the `v` before a digit, which some write and others do not."""
    name = text.strip(" \t").lower()
    return name[1:] if name[:1] == "v" and name[1:2].isdigit() else name


class VersionPlace(Settings):
    """One place where a request may name a version: exactly one of these keys."""

    header: HeaderName | None = Field(default=None, description="A header field whose value is the version.")
    query: QueryName | None = Field(default=None, description="A query parameter whose value is the version.")
    media_type: Annotated[str, _MEDIA_TYPE] | None = Field(
        default=None,
        description="A media type in Accept. With `application/vnd.acme`, `application/vnd.acme.v2+json` and "
        "`application/vnd.acme+json;version=2` name version 2.",
    )

    @model_validator(mode="after")
    def _is_one(self) -> "VersionPlace":
        if len(given(self, ("header", "query", "media_type"))) != 1:
            raise refused("say exactly one of `header`, `query` and `media_type`")
        return self


class Version(Settings):
    """How long a version is there, and where clients read about it."""

    deprecated: Timestamp | None = Field(
        default=None,
        description="Since when, or from when on, nobody should begin to use it (RFC 9745).",
    )
    sunset: Timestamp | None = Field(default=None, description="When it is expected to be gone (RFC 8594).")
    after_sunset: Literal["serve", "gone"] = Field(
        default="serve", description="What becomes of requests after that: served all the same, or answered 410."
    )
    deprecation_link: _Link | None = Field(default=None, description="A page about the deprecation.")
    sunset_link: _Link | None = Field(default=None, description="A page about what ends when.")
    successor_link: _Link | None = Field(default=None, description="The next version (RFC 5829, `successor-version`).")

    @model_validator(mode="after")
    def _is_in_order(self) -> "Version":
        if self.deprecated and self.sunset and self.sunset < self.deprecated:
            raise refused("`sunset` is before `deprecated` (RFC 9745, section 4, forbids it)")
        if self.after_sunset == "gone" and self.sunset is None:
            raise refused("`after_sunset: gone` needs a `sunset`")
        return self


class Api(Settings):
    """An API with several versions. Routes belong to it by their key `version`."""

    versions: dict[VersionName, Version] = Field(
        min_length=1, max_length=64, description="Its versions, by name. A `v` before a digit makes no difference."
    )
    by: tuple[VersionPlace, ...] = Field(
        default=(),
        max_length=8,
        description="Where requests may name a version, besides the path of a route that has `{version}` in it. All"
        " that is said must agree.",
    )
    default: VersionName | None = Field(
        default=None, description="The version of requests that name none. Not set: they are answered 400."
    )

    @model_validator(mode="after")
    def _names_differ(self) -> "Api":
        known = {plain_version(name) for name in self.versions}
        if len(known) < len(self.versions):
            raise refused("two of the versions are the same to clients")
        if self.default is not None and self.default not in self.versions:
            raise refused("`default` is none of `versions`")
        return self
