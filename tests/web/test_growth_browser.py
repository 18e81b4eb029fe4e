"""The growth chart as people use it: by pointer, by keys, in a narrow window, with its marks."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from publisher.actions.people import make_sign_in_link
from publisher.core.states import Role
from tests.browser import axe_violations
from tests.builders import add_user
from tests.web.desk import DeskOffice
from tests.web.test_audience import DAY, count
from tests.web.test_growth import add_old_channel, publish

PERIOD = "from=2026-11-22&to=2026-12-01"


@pytest.fixture
def page(browser: Browser, office: DeskOffice, address: str) -> Iterator[Page]:
    """The growth page of two channels with a gap, a jump and two items that went out."""
    first, second = (add_old_channel(office, title) for title in ("Первый", "Второй"))
    count(office, first, {n * DAY: (2_000 if n < 5 else 1_500) - n for n in range(12)})
    count(office, second, {n * DAY: 300 for n in range(12) if n not in {2, 3}})
    publish(office, "Открыли мост", 5 * DAY - timedelta(hours=1), first, second)
    publish(office, "Закрыли мост", 9 * DAY, first)
    with office.store.begin() as session:
        token = make_sign_in_link(session, add_user(session, Role.EDITOR), office.now)
    context = browser.new_context(locale="ru-RU", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{address}/sign-in/link/{token}")
    page.get_by_role("button", name="Войти").click()
    page.goto(f"{address}/growth?{PERIOD}&by=channel")
    expect(page.locator("[data-drawn]")).to_be_visible()
    yield page
    context.close()


def readout(page: Page) -> str:
    """What the line below the chart says."""
    return page.locator("[data-readout]").inner_text().replace("\xa0", " ")


def test_the_arrows_go_from_day_to_day(page: Page) -> None:
    page.get_by_role("application").focus()
    page.keyboard.press("End")
    assert "1 декабря 2026" in readout(page)
    assert "Всего 2 300, Первый 2 000, Второй 300" in readout(page)
    page.keyboard.press("ArrowLeft")
    assert "30 ноября 2026" in readout(page)
    page.keyboard.press("Home")
    assert "22 ноября 2026" in readout(page)


def test_a_gap_is_said_and_not_drawn_over(page: Page) -> None:
    page.get_by_role("application").focus()
    page.keyboard.press("End")
    for _ in range(2):
        page.keyboard.press("ArrowLeft")
    assert "Всего не посчитано" in readout(page)
    assert "Не посчитаны: Второй" in readout(page)


def test_a_mark_shows_its_item_and_enter_opens_it(page: Page) -> None:
    mark = page.get_by_role("link", name="Открыли мост, 26 ноября, 10:00", exact=True)
    mark.focus()
    tip = page.locator("[data-tip]")
    expect(tip).to_contain_text("26 ноября, 10:00 · 2 канала")
    expect(tip).to_contain_text("за 24 ч после выхода")
    page.keyboard.press("ArrowLeft")
    expect(tip).to_contain_text("Закрыли мост")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Открыли мост")


def test_the_pointer_over_a_mark_shows_its_item(page: Page) -> None:
    page.get_by_role("link", name="Закрыли мост, 22 ноября, 09:00", exact=True).hover()
    expect(page.locator("[data-tip]")).to_contain_text("22 ноября, 09:00 · Первый")


def test_the_legend_puts_a_line_away_and_the_address_remembers_it(page: Page) -> None:
    button = page.get_by_role("button", name="Всего")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    assert "off=total" in page.url
    assert "off=total" in page.locator("#growth-link").input_value()
    page.reload()
    expect(page.get_by_role("button", name="Всего")).to_have_attribute("aria-pressed", "false")
    page.get_by_role("application").focus()
    assert "Всего" not in readout(page)


def test_the_chart_follows_the_window(page: Page) -> None:
    wide = page.locator("[data-plot] canvas").bounding_box()
    page.set_viewport_size({"width": 360, "height": 800})
    page.wait_for_function("document.querySelector('[data-plot] canvas').clientWidth < 360")
    assert wide is not None
    assert wide["width"] > 360
    assert page.evaluate("document.documentElement.scrollWidth <= 360")


def test_the_chart_with_an_open_tip_is_accessible(page: Page) -> None:
    page.get_by_role("link", name="Открыли мост, 26 ноября, 10:00", exact=True).focus()
    expect(page.locator("[data-tip]")).to_be_visible()
    assert axe_violations(page) == []
