"""`decision_log:`: one line for each decision about a request, for those who must show later why it was made."""

from typing import Literal

from pydantic import Field

from hotgate.config.settings import Flag, Settings


class DecisionLog(Settings):
    """One line of JSON for each request that was decided about: who asked for what, and which rule said so."""

    path: str = Field(
        default="stdout",
        min_length=1,
        max_length=4096,
        description="`stdout` or a file, which is appended to. It is opened again on SIGHUP, as the access log is.",
    )
    what: Literal["all", "denied"] = Field(
        default="all", description="Every decision, or only those by which a request was turned away."
    )
    attributes: Flag = Field(
        default=True,
        description="Say what the deciding rule has looked at: `true` for the values, those masked that may be secret"
        " or personal (claims, header fields, query, body); `false` for none.",
    )
