"""The settings of `identity: {name: {basic: …}}`."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Annotated

from pydantic import Field, model_validator

from hotgate.config.notation import refused
from hotgate.config.secret import FileContent, Secret
from hotgate.config.settings import Flag, Form, Realm, Settings
from hotgate.config.units import DurationBetween
from hotgate.identity.passwords.password_file import BadPasswordFile, parse_password_file
from hotgate.identity.passwords.password_format import UnusableHash, checked

MAX_USERS = 10_000
_Text = Annotated[str, Form(r"[^\x00-\x1f\x7f]{1,256}", "use text of 1 to 256 characters")]
_UserName = Annotated[str, Form(r"[^\x00-\x1f\x7f:]{1,256}", "use 1 to 256 characters without colon")]
_Names = Annotated[tuple[_Text, ...], Field(max_length=256)]


class PasswordHash(Secret):
    """One hash. Whoever has it can try passwords without asking us, so nothing shows it."""

    __slots__ = ()

    @classmethod
    def _checked(cls, text: str) -> str:
        try:
            return checked(text)
        except UnusableHash as error:
            raise refused(str(error)) from None


class PasswordFile(FileContent):
    """The text of a file with a name and a hash on each line."""

    __slots__ = ()

    @classmethod
    def _checked(cls, text: str) -> str:
        try:
            parse_password_file(text)
        except BadPasswordFile as error:
            raise refused(str(error)) from None
        return text

    @property
    def hashes(self) -> dict[str, str]:
        """By name."""
        return parse_password_file(self.reveal())


class UserSettings(Settings):
    """Somebody with a password."""

    hash: PasswordHash = Field(description="What `hotgate passwords hash` prints: argon2id, or bcrypt.")
    scopes: _Names = Field(default=(), description="The scopes of the caller.")
    roles: _Names = Field(default=(), description="The roles of the caller.")
    groups: _Names = Field(default=(), description="The groups of the caller.")


class PasswordSettings(Settings):
    """What every entry with names and passwords has."""

    realm: Realm = None
    cache: Annotated[float, DurationBetween("0s", "1h")] = Field(
        default=300.0,
        description="How long a password that was found right is right without looking again. `0s`: never.",
    )
    consumers: Flag = Field(
        default=False,
        description="Whether the caller must be a consumer of the store (`hotgate consumers`) that is not disabled, "
        "and has its groups, roles, tier and metadata too.",
    )

    def source(self, entry: str) -> str:
        """Names these settings: who has others is not told by them whose password is right. Tells no secret."""
        said = f"{self.model_dump_json()} {self._known_by()}"  # in the first, secrets are hidden
        return f"{entry}:{sha256(said.encode()).hexdigest()[:32]}"

    def _known_by(self) -> object:
        """What else decides whose password is right."""
        return ""


class BasicSettings(PasswordSettings):
    """Names and passwords in HTTP Basic (RFC 7617). They are sent with each request: use it with TLS only."""

    users: dict[_UserName, UserSettings] = Field(
        default={}, max_length=MAX_USERS, description="Who is known, by name. They are looked up first."
    )
    users_file: PasswordFile | None = Field(
        default=None,
        description="A file with `name:hash` on each line, as htpasswd has it (`hotgate passwords`), relative to the "
        "folder of the main file. It is watched.",
    )

    @model_validator(mode="after")
    def _knows_each_once(self) -> "BasicSettings":
        if self.users_file is not None and not self.users.keys().isdisjoint(self.users_file.hashes):
            raise refused("a name of `users` is in `users_file` too; remove one of both")
        return self

    def hashes(self) -> Mapping[str, str]:
        """Everybody's, by name."""
        named = {name: user.hash.reveal() for name, user in self.users.items()}
        return named if self.users_file is None else {**self.users_file.hashes, **named}

    def _known_by(self) -> object:
        return sorted(self.hashes().items())

    def dangers(self) -> Iterator[tuple[str, str, str]]:
        """What is of no use about it: (key, message, hint)."""
        if not self.users and self.users_file is None:
            yield "users", "nobody is known, so nobody gets in", "add `users`, or a `users_file`"
