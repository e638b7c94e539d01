"""Stands in for a directory: what it answers is a test's."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from pyasn1.codec.ber import decoder, encoder
from pyasn1_modules import rfc2251

from hotgate.control.directories.directory import Directory, Member
from hotgate.policies.passwords.ldap_settings import LdapSettings

USER = "uid=ada,dc=example"


class Script:
    """A server on loopback that answers each request with what `reply` makes of it. asked: kinds of requests."""

    def __init__(self, reply: Callable[[int, str], bytes | None]) -> None:
        self._reply = reply
        self.asked: list[str] = []
        self._writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        with suppress(ConnectionError):
            await self._serve(reader, writer)
        writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.read(2):
            request = head + await reader.readexactly(head[1])
            message, _ = decoder.decode(request, asn1Spec=rfc2251.LDAPMessage())
            kind = message["protocolOp"].getName()
            self.asked.append(kind)
            reply = self._reply(int(message["messageID"]), kind)
            if reply is None:
                return
            writer.write(reply)

    def play(self, settings: dict[str, Any], script: Callable[[Directory], Any]) -> Any:
        async def playing() -> Any:
            server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
            url = f"ldap://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            model = LdapSettings.model_validate({"url": url, "start_tls": False, "timeout": "500ms", **settings})
            directory = Directory(model)
            try:
                return await script(directory)
            finally:
                directory.close()
                server.close()
                for writer in self._writers:
                    writer.close()
                await asyncio.gather(*(writer.wait_closed() for writer in self._writers), return_exceptions=True)
                await asyncio.sleep(0)  # the loop closes what was aborted

        return asyncio.run(playing())

    def login(self, **settings: Any) -> Member | None:
        found = self.play({"user_dn": "uid={name},dc=example", **settings}, lambda each: each.member("ada", "right"))
        assert found is None or isinstance(found, Member)
        return found


def message(number: int, kind: str, content: Any) -> bytes:
    whole = rfc2251.LDAPMessage()
    whole["messageID"] = number
    whole["protocolOp"][kind] = content
    return bytes(encoder.encode(whole))


def result(number: int, kind: str, code: int) -> bytes:
    content = {"bindResponse": rfc2251.BindResponse, "searchResDone": rfc2251.SearchResultDone}.get(
        kind, rfc2251.ExtendedResponse
    )()
    content["resultCode"] = code
    content["matchedDN"] = content["errorMessage"] = ""
    return message(number, kind, content)


def entry(number: int, dn: str = USER, groups: Sequence[str] = ()) -> bytes:
    found = rfc2251.SearchResultEntry()
    found["objectName"] = dn
    found["attributes"].clear()
    if groups:
        found["attributes"][0]["type"] = "memberOf"
        found["attributes"][0]["vals"].extend(groups)
    return message(number, "searchResEntry", found)


def replying(bind: int = 0, entries: int = 1) -> Callable[[int, str], bytes]:
    def reply(number: int, kind: str) -> bytes:
        if kind == "bindRequest":
            return result(number, "bindResponse", bind)
        return entry(number) * entries + result(number, "searchResDone", 0)

    return reply
