"""`sessions:` at the top of the file: what the sessions of all logins share."""

from typing import Annotated

from pydantic import Field, model_validator

from hotgate.config.notation import refused
from hotgate.config.secret import Secret
from hotgate.config.settings import Settings

MIN_KEY = 32  # characters


class Sessions(Settings):
    """How sessions of browsers are sealed."""

    keys: Annotated[tuple[Secret, ...], Field(max_length=16)] = Field(
        default=(),
        description="What sessions are sealed with, at least 32 characters each, the same on all nodes. The first "
        "seals, the others still open. Not set: made once, kept in the state folder and changed daily. Several nodes "
        "need it: then you change it.",
    )

    @model_validator(mode="after")
    def _has_keys_that_nobody_guesses(self) -> "Sessions":
        texts = [key.reveal() for key in self.keys]
        if any(len(text) < MIN_KEY for text in texts):
            raise refused(f"`keys`: at least {MIN_KEY} characters, such as `openssl rand -hex 32` makes")
        if len(set(texts)) < len(texts):
            raise refused("`keys` has the same key twice")
        return self
