"""Clients with certificates, good and bad, for scripts."""

import ssl
import tempfile
from pathlib import Path
from typing import Any

from certificate_authority import Authority, Issued, authority
from wire.message import Message
from wire.samples import OK
from wire.scenario import Wire

A = authority().issue("a.example", "open.example", "secret.example", "other.example")
CLIENTS = Authority("authority of clients")
CLIENT = CLIENTS.issue_client("client-1")
ASKS: dict[str, Any] = {"client_ca": CLIENTS.pem, "client_auth": "required"}


def client_context(
    issued: Issued | None = None,
    *chain: Authority,
    version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
) -> ssl.SSLContext:
    """A client that trusts the gateway, whatever its name, and shows a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_verify_locations(cadata=authority().pem)
    context.check_hostname = False
    context.maximum_version = version
    if issued is not None:
        with tempfile.TemporaryDirectory() as folder:
            issued.save(Path(folder), "client")
            with (Path(folder) / "client.pem").open("a") as file:
                file.write("".join(each.pem for each in chain))
            context.load_cert_chain(f"{folder}/client.pem", f"{folder}/client.key")
    return context


def get_from(host: str, *fields: str) -> bytes:
    return "\r\n".join(["GET / HTTP/1.1", f"Host: {host}", *fields, "", ""]).encode()


async def served(wire: Wire, client: Any, host: str = "a.example", *fields: str) -> Message:
    """What the backend got of a request that must reach it; the client has read the answer."""
    client.send(get_from(host, *fields))
    backend = await wire.backend.only()
    received = await backend.message()
    backend.send(OK)
    assert (await client.message()).status == 200
    return received


async def refused(client: Any, host: str = "a.example", *fields: str) -> tuple[int, str]:
    """(status, code) of an answer of the gateway's own."""
    client.send(get_from(host, *fields))
    answer = await client.message()
    return answer.status, answer.code
