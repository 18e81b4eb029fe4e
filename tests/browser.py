"""A real browser for tests, driven by Playwright, and axe to find what some people could not use."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from bootstrap import NODE_MODULES, ROOT, find_browser

# What tests leave to be looked at; git ignores it.
SCREENSHOTS = ROOT / "tests" / "screenshots"
AXE = NODE_MODULES / "axe-core" / "axe.min.js"
# It asks nothing of the world outside, and draws without a graphics card.
ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser that this machine has. A test without one fails: `make browser` says what to install.

    One for each file of tests: while it is open, Playwright's event loop counts as running in this thread,
    and `asyncio.run` would fail in tests that have nothing to do with browsers.
    """
    executable = find_browser()
    if executable is None:
        pytest.fail("no browser found: `make browser` installs one or says what to install")
    # Chromium's own sandbox does not work for root.
    arguments = [*ARGUMENTS, "--no-sandbox"] if os.geteuid() == 0 else list(ARGUMENTS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield browser
        browser.close()


def axe_violations(page: Page) -> list[str]:
    """What axe finds wrong with the page as it stands, one line each: rule, what it asks for, where."""
    page.evaluate(AXE.read_text("utf-8"))  # the debugger's way in, which the page's own policy does not bar
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {violation['help']}: {[node['target'] for node in violation['nodes']]}"
        for violation in found["violations"]
    ]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests are the longest: they begin first. Whole tasks, which mostly wait for the clock, stay in
    one worker, pages by themselves in another."""
    for item in items:
        if _needs_browser(item):
            group = "tasks" if "tasks" in item.path.parts else "pages"
            item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: not _needs_browser(item))


def _needs_browser(item: pytest.Item) -> bool:
    return "browser" in getattr(item, "fixturenames", ())
