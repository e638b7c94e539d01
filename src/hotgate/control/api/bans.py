"""`/api/v1/bans`: addresses that are turned away for too many bad credentials. `/api/v1/status` shows them."""

from ipaddress import ip_address

from hotgate.control.api.endpoint import Answer, Call, Endpoint
from hotgate.control.api.input import Nothing
from hotgate.control.problem import Problem


async def lift_ban(call: Call, _: Nothing) -> Answer:
    """For every worker, and what was counted against the address is forgotten."""
    address = call.path["address"]
    if not _is_address(address):
        raise Problem(422, "input-invalid", "This is neither an IP address nor a /64 of IPv6.")
    if not call.state.lift_ban(address):
        raise Problem(404, "ban-unknown", "This address is not banned.")
    return Answer(204, subject=address)


def _is_address(text: str) -> bool:
    try:
        ip_address(text.removesuffix("/64"))
    except ValueError:
        return False
    return True


ENDPOINTS = (
    Endpoint(
        "lift-ban",
        "DELETE",
        "/v1/bans/{address:path}",
        "Let an address try again; of a banned /64, any address of it.",
        lift_ban,
        {204: None},
        problems={404: ("ban-unknown",)},
        needs_store=False,
    ),
)
