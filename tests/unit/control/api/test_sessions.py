"""Sessions as operators see and end them."""

from hashlib import sha256

from hotgate.store.sessions.kept_session import KeptSession
from unit.control.api.conftest import NOW, Api, Play, wrong

SEALED = b"sealed-with-what-only-the-browser-has"


async def log_in(api: Api, name: str, subject: str = "ada") -> None:
    digest = sha256(name.encode()).digest()
    await api.sessions.create(KeptSession("sso", digest, name, subject, "sid", SEALED, NOW, NOW, 1800.0, NOW + 9000))


def test_who_is_logged_in_is_shown_without_what_opens_a_session(play: Play) -> None:
    async def script(api: Api) -> None:
        await log_in(api, "s1")
        await log_in(api, "s2", "bob")
        answer = await api.ask("GET", "/sessions?provider=sso&subject=ada")
        assert answer.json() == {
            "next": None,
            "items": [
                {
                    "id": "s1",
                    "provider": "sso",
                    "subject": "ada",
                    "sid": "sid",
                    "created": "2027-01-15T08:00:00Z",
                    "last_seen": "2027-01-15T08:00:00Z",
                    "ends": "2027-01-15T08:30:00Z",
                }
            ],
        }
        assert sha256(b"s1").hexdigest() not in answer.text

    play(script)


def test_pages(play: Play) -> None:
    async def script(api: Api) -> None:
        for number in range(3):
            await log_in(api, f"s{number}")
        page = await api.shown("/sessions?provider=sso&limit=2")
        rest = await api.shown(f"/sessions?provider=sso&limit=2&after={page['next']}")
        assert [each["id"] for each in page["items"] + rest["items"]] == ["s0", "s1", "s2"]

    play(script)


def test_one_is_ended_and_revoked(play: Play) -> None:
    async def script(api: Api) -> None:
        await log_in(api, "s1")
        await log_in(api, "s2")
        assert (await api.ask("DELETE", "/sessions/sso/s1")).status_code == 204
        assert [each["id"] for each in (await api.shown("/sessions?provider=sso"))["items"]] == ["s2"]
        [revoked] = (await api.shown("/revocations"))["items"]
        assert (revoked["kind"], revoked["provider"], revoked["value"]) == ("jti", "sso", "s1")
        again = await api.ask("DELETE", "/sessions/sso/s1")
        assert (again.status_code, again.json()["code"]) == (404, "session-unknown")

    play(script)


def test_a_subject_is_logged_out_everywhere_also_where_nothing_is_kept(play: Play) -> None:
    async def script(api: Api) -> None:
        for name, subject in (("s1", "ada"), ("s2", "ada"), ("s3", "bob")):
            await log_in(api, name, subject)
        # `corp` has tokens, or sessions in cookies
        answer = await api.ask("DELETE", "/sessions?provider=corp&subject=ada")
        assert (answer.status_code, answer.json()) == (200, {"kept": 0})
        [revoked] = (await api.shown("/revocations"))["items"]
        assert (revoked["kind"], revoked["value"], revoked["before"]) == ("sub", "ada", "2027-01-15T08:00:01Z")

    play(script)


def test_a_misspelt_provider_is_refused(play: Play) -> None:
    async def script(api: Api) -> None:
        for method, path in (("GET", "/sessions?provider=ssso"), ("DELETE", "/sessions?provider=ssso&subject=ada")):
            assert "provider" in wrong(await api.ask(method, path))
        assert (await api.ask("DELETE", "/sessions?provider=corp&subject=")).status_code == 422
        assert (await api.ask("DELETE", "/sessions?provider=corp")).status_code == 422
        assert await api.writes() == 0

    play(script)
