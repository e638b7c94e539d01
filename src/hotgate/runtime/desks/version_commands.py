"""What `hotgate versions` asks of a running gateway, by the type of the message."""

from hotgate.runtime.desks.version_desk import VersionDesk
from hotgate.runtime.workers.channel import Message

COMMANDS = ("list_versions", "list_version_callers")


def answer(desk: VersionDesk, message: Message) -> Message:
    """`reason` says why there is nothing to say, or is empty."""
    if message["type"] == "list_versions":
        return {"reason": "", "versions": desk.state()}
    callers = desk.callers(str(message["api"]), str(message["version"]))
    unknown = "there is no such version; `hotgate versions` lists them"
    return {"reason": unknown if callers is None else "", "callers": callers}
