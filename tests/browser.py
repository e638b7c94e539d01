"""Chromium for tests, driven by Playwright: for what only a browser can tell, such as which cookies it sends where.

It takes any certificate for any host: what a browser thinks of certificates is not what these tests are about. Every
name under `example.com` leads to the loopback interface. While it runs, no other event loop can be run in its thread.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

_OPTIONS = [
    "--headless",
    "--no-sandbox",  # root may not have one
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP *.example.com 127.0.0.1",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser that ends with the block; without Chromium, the test is skipped."""
    program = shutil.which("chromium")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is missing")
        pytest.skip("needs Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_OPTIONS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    """Somebody who uses it for the first time: no cookies, no cache. Two of them know nothing of each other."""
    context = browser.new_context(ignore_https_errors=True)
    context.set_default_timeout(30_000)  # ms; only a failing test takes so long
    try:
        yield context
    finally:
        context.close()
