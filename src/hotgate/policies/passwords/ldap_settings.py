"""The settings of `identity: {name: {ldap: …}}`."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Field, model_validator

from hotgate.config.https_url import is_loopback_name
from hotgate.config.notation import Notation, refused
from hotgate.config.pem import Pem
from hotgate.config.secret import Secret
from hotgate.config.settings import Flag, Form, Settings, WholeNumber, given
from hotgate.config.units import DurationBetween
from hotgate.identity.directories.search_filter import BadFilter, SearchFilter, parse_filter
from hotgate.policies.passwords.basic_settings import PasswordSettings

_URL = re.compile(r"(ldaps?)://(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]{1,253})(?::([0-9]{1,5}))?/?")
_PORTS = {"ldap": 389, "ldaps": 636}

_Url = Annotated[str, Form(_URL.pattern, "use ldaps://host or ldap://host, with a port if it is another")]
_Name = Annotated[str, Form(r"[^\x00-\x1f\x7f]{1,1024}", "use text of 1 to 1,024 characters")]
_Attribute = Annotated[str, Form(r"[A-Za-z0-9][A-Za-z0-9;.-]{0,127}", "use the name of an attribute, such as memberOf")]
_Names = Annotated[tuple[_Name, ...], Field(min_length=1, max_length=256)]


def _filter_with(*places: str) -> Notation:
    allowed = frozenset(places)

    def read(value: object) -> str:
        if not isinstance(value, str):
            raise refused("use a filter in parentheses, such as (uid={name})")
        try:
            parse_filter(value, allowed)
        except BadFilter as error:
            raise refused(str(error)) from None
        return value

    return Notation(read, {"type": "string", "pattern": r"^\("})


class LdapUsers(Settings):
    """Where people are found."""

    base: _Name = Field(description="The entry below which they are, such as ou=people,dc=example,dc=com.")
    filter: Annotated[str, _filter_with("name")] = Field(
        default="(uid={name})", description="Who is meant by a name. It must find one entry, or nobody gets in."
    )
    name: _Attribute = Field(
        default="uid",
        description="The attribute with the caller's name. What the client typed is not it: directories find `Ada` "
        "for `ada`.",
    )


class LdapGroups(Settings):
    """How the groups of a caller are found."""

    attribute: _Attribute | None = Field(
        default=None, description="The attribute of the caller's entry that lists them, such as memberOf."
    )
    base: _Name | None = Field(
        default=None,
        description="The entry below which groups are. With `attribute`, listed groups elsewhere do not count; else "
        "they are searched for.",
    )
    filter: Annotated[str, _filter_with("name", "dn")] = Field(
        default="(member={dn})", description="For a search: which groups are the caller's."
    )
    name: _Attribute = Field(default="cn", description="For a search: the attribute that names a group.")

    @model_validator(mode="after")
    def _says_where(self) -> "LdapGroups":
        if not given(self, ("attribute", "base")):
            raise refused("give `attribute` or `base`, or both")
        return self


class LdapSettings(PasswordSettings):
    """Names and passwords of a directory (LDAP), in HTTP Basic. Each request carries them: use it with TLS only."""

    url: _Url | tuple[_Url, ...] = Field(
        description="The directory, as ldaps://ldap.example.com; a list for one in several places, in order."
    )
    start_tls: Flag = Field(
        default=True,
        description="Whether a connection to `ldap://` must begin with StartTLS. Only loopback may do without.",
    )
    ca: tuple[Pem, ...] = Field(
        default=(),
        max_length=64,
        description="The only authorities that its certificate may come from. Not set: those of the system.",
    )
    bind_dn: _Name | None = Field(
        default=None, description="Who the gateway is there when it searches. It needs no right but to read."
    )
    bind_password: Secret | None = Field(default=None, description="The password of `bind_dn`.")
    users: LdapUsers | None = Field(default=None, description="How a name becomes an entry: by a search.")
    user_dn: _Name | None = Field(
        default=None,
        description="Or: the entry's name with `{name}` in it, as uid={name},ou=people,dc=example,dc=com. No `bind_dn` "
        "is needed then.",
    )
    groups: LdapGroups | None = Field(default=None, description="Where groups come from. Not set: there are none.")
    roles: Mapping[_Name, _Names] = Field(
        default={}, max_length=1000, description="Group → the roles that its members have."
    )
    attributes: tuple[_Attribute, ...] = Field(
        default=(), max_length=64, description="Attributes of the caller's entry that become claims."
    )
    timeout: Annotated[float, DurationBetween("100ms", "60s")] = Field(
        default=5.0, description="How long a login may take there, all in all."
    )
    connections: Annotated[int, WholeNumber(1, 256)] = Field(
        default=8, description="Connections that may be open for searches, and as many for passwords."
    )

    @model_validator(mode="after")
    def _knows_how_to_find_people(self) -> "LdapSettings":
        if len(given(self, ("users", "user_dn"))) != 1:
            raise refused("give either `users` or `user_dn`")
        if len(given(self, ("bind_dn", "bind_password"))) == 1:
            raise refused("`bind_dn` and `bind_password` go together")
        if self.users is not None and self.bind_dn is None:
            raise refused("`users` needs `bind_dn`: who searches")
        if self.user_dn is not None and (self.user_dn.count("{name}") != 1 or "=" not in self.user_dn):
            raise refused("`user_dn` needs {name} once, in a distinguished name such as uid={name},dc=example")
        if self.users is not None and "{name}" not in self.users.filter:
            raise refused("`users.filter` needs {name}, or it finds the same whoever logs in")
        for host, _, is_tls in self.addresses():
            if not is_tls and not self.start_tls and not is_loopback_name(host):
                raise refused("`start_tls: false` sends passwords in plain text; it is only for this machine")
        return self

    def addresses(self) -> Iterator[tuple[str, int, bool]]:
        """Host, port, and whether a connection begins with TLS."""
        for url in (self.url,) if isinstance(self.url, str) else self.url:
            found = _URL.fullmatch(url)
            if found is not None:
                scheme, host, port = found.groups()
                yield host.strip("[]"), int(port or _PORTS[scheme]), scheme == "ldaps"

    def user_filter(self) -> SearchFilter | None:
        """Who is meant by a name."""
        return None if self.users is None else parse_filter(self.users.filter, frozenset({"name"}))

    def group_filter(self) -> SearchFilter | None:
        """Which groups are a caller's."""
        if self.groups is None or self.groups.attribute is not None:
            return None
        return parse_filter(self.groups.filter, frozenset({"name", "dn"}))
