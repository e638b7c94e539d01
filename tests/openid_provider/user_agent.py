"""A browser without a screen: it follows redirects and keeps cookies, but knows nothing of pages or scripts."""

import re
import ssl
from urllib.parse import urlsplit

import httpx

_MOST_REDIRECTS = 12


class UserAgent:
    """Who uses it is signed in from the first `visit` on, as with a browser."""

    def __init__(self, issuer: str, *, verify: ssl.SSLContext | bool = True) -> None:
        """No connection stays open, so nothing has to be closed."""
        self._issuer = urlsplit(issuer)
        self._http = httpx.Client(verify=verify, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))

    def visit(self, url: str, login: str | None = None) -> str:
        """Go to the provider, sign in if it asks, and return the URL elsewhere that it sends the browser back to.

        login: what is typed into the form; None: nobody wants to sign in, and says so.
        """
        response = self._http.get(url)
        for _ in range(_MOST_REDIRECTS):
            if response.is_redirect:
                url = str(response.url.join(response.headers["location"]))
                if urlsplit(url)[:2] != self._issuer[:2]:
                    return url
                response = self._http.get(url)
            elif response.status_code == 200 and "/interaction/" in str(response.url):
                form = {"login": login, "do": "sign-in"} if login else {"do": "cancel"}
                response = self._http.post(response.url, data=form)
            else:
                raise AssertionError(f"{response.status_code} {response.url}: {response.text}")
        raise AssertionError(f"redirected for ever: {url}")

    def sign_out(self, url: str) -> str:
        """Go to the provider's end_session_endpoint, say yes, and return the URL that it sends the browser back to."""
        response = self._http.get(url)
        xsrf = re.search(r'name="xsrf" value="(\w+)"', response.text)
        action = re.search(r'action="([^"]+)"', response.text)
        if xsrf is None or action is None:
            raise AssertionError(f"{response.status_code}: {response.text}")
        return self._http.post(action[1], data={"xsrf": xsrf[1], "logout": "yes"}).headers["location"]
