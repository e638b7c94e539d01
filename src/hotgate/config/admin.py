"""`admin:`: where operators ask the gateway, and what they must show."""

import re
from collections.abc import Mapping
from typing import Literal

from pydantic import Field, field_validator, model_validator

from hotgate.config.addresses import Bind
from hotgate.config.binds import AnyBind, BindText, FileMode, check_mode, placed
from hotgate.config.notation import refused
from hotgate.config.secret import Secret
from hotgate.config.settings import Flag, Name, Settings

ONLY_NAME = "admin"
"""The name, in the log, of the token that has none of its own."""

# RFC 6750 §2.1. Nobody guesses 32 characters, if they were drawn by lot: a throttle for wrong ones is no protection.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{32,512}=*")


class Admin(Settings):
    """The operators' interface: health, metrics, and the admin API, which asks for a token."""

    bind: BindText = Field(
        default=Bind("127.0.0.1", 9900),
        description="Where to listen, as for a listener. It speaks plain HTTP: for other machines, use a tunnel or a "
        "proxy with TLS.",
    )
    mode: FileMode | None = Field(default=None, description="Permissions of a Unix socket's file, as for a listener.")
    token: Secret | None = Field(
        default=None,
        description="The bearer token of the admin API: at least 32 characters, letters, digits and `._~+/-`. Not set, "
        "and no `tokens` either: one that is made at the first start and kept in `state_dir`.",
    )
    tokens: dict[Name, Secret] = Field(
        default={},
        max_length=64,
        description="Several tokens, by names that the log mentions: one per operator, or an old and a new one.",
    )
    explain: Flag = Field(
        default=False,
        description="Whether answers say what decided, to requests with a ticket (`hotgate explain --ticket`) in"
        " `Hotgate-Explain`. Every request is looked at for one then. Without it, the field means nothing. It never"
        " reaches a backend.",
    )
    metrics: Literal["open", "token"] = Field(
        default="open", description="Who may read `/metrics`: everybody who can connect, or who has a token."
    )

    @property
    def place(self) -> AnyBind:
        """Where to listen, with the permissions of a Unix socket."""
        return placed(self.bind, self.mode)

    @property
    def named_tokens(self) -> Mapping[str, Secret]:
        """The tokens of the file; empty if the gateway is to make its own."""
        return self.tokens if self.token is None else {ONLY_NAME: self.token}

    @field_validator("token")
    @classmethod
    def _can_be_sent(cls, token: Secret | None) -> Secret | None:
        if token is not None:
            _check_token(token)
        return token

    @field_validator("tokens")
    @classmethod
    def _can_all_be_sent(cls, tokens: dict[str, Secret]) -> dict[str, Secret]:
        for token in tokens.values():
            _check_token(token)
        return tokens

    @model_validator(mode="after")
    def _has_token_or_tokens(self) -> "Admin":
        if self.token is not None and self.tokens:
            raise refused("give `token` or `tokens`, not both")
        return self

    @model_validator(mode="after")
    def _mode_is_for_unix_sockets(self) -> "Admin":
        check_mode(self.bind, self.mode)
        return self


def _check_token(token: Secret) -> None:
    if not _TOKEN.fullmatch(token.reveal()):
        raise refused("a token has 32 to 512 letters, digits and ._~+/-; `openssl rand -hex 32` makes one")
