"""The main job in a browser: written once, standing in 27 channels on time, corrected, withdrawn, counted."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from bootstrap import ROOT
from tests.browser import SCREENSHOTS, axe_violations
from tests.tasks.editor import Editor, KeyboardEditor, next_minute, seen, watch
from tests.tasks.newsroom import Newsroom

CHANNELS = 27
PHOTO = ROOT / "publisher" / "demo" / "pictures" / "park.jpg"
TITLE = "Городской сад открыт после ремонта"
BODY = """\
С сегодняшнего дня в Городском саду снова гуляют: ремонт закончили **на две недели раньше** срока.

Что изменилось за лето:

- дорожки выложили плиткой, по ним пройдёт и детская коляска, и кресло;
- вдоль аллей поставили шестьдесят фонарей, вечером светло до самого пруда;
- у входа с Северной улицы появилась площадка для детей младше семи лет;
- старые деревья осмотрел лесопатолог, больные ветви сняли, посадили сорок лип.

> «Сад остался таким, каким его помнят: мы чинили, а не перестраивали», — сказали в управлении культуры.

Летняя эстрада работает по выходным **с 18:00**. В субботу играет муниципальный оркестр, в воскресенье — \
школа танцев: научат всех, кто придёт. Вход свободный, при дожде концерт переносят на следующий день.

Осталось немного: до конца месяца у пруда сделают деревянный настил, а вдоль Южной аллеи поставят скамейки \
со спинками — о них просили чаще всего. Пока идут работы, пройти к пруду можно с западной стороны.

Если заметили поломку или не горит фонарь, напишите на [сайт города](https://krd.ru/): заявку увидит \
дежурный управления, ответ придёт в течение суток. Расписание концертов — там же.
"""


@pytest.mark.parametrize("person", [Editor, KeyboardEditor])
def test_an_item_is_scheduled_corrected_and_withdrawn_everywhere(
    newsroom: Newsroom, browser: Browser, person: type[Editor]
) -> None:
    started = datetime.now(UTC)
    page = browser.new_page(viewport={"width": 1280, "height": 900}, locale="ru-RU")
    editor = person(page, newsroom, newsroom.sign_in_link("chief", "press"))

    editor.open_composer()
    editor.write(TITLE, BODY)
    editor.add_file(PHOTO)
    editor.choose_all(CHANNELS)
    expect(page.get_by_text("из 1 024").first).to_be_visible()
    editor.put_picture_first()
    expect(page.get_by_text("из 4 096").first).to_be_visible()
    show(page, "desk")
    due = next_minute(datetime.now(UTC))
    editor.schedule(due)

    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    editor.expect_lanes("moving", CHANNELS)
    watch(page)
    editor.expect_lanes("settled", CHANNELS)
    assert {"lanes-moving", "lanes-settled"} <= set(seen(page))
    standing = new_posts(newsroom, started)
    assert len(standing) == CHANNELS
    for handle, posts in standing.items():
        photo_post, text_post = posts
        assert (len(photo_post["media"]), photo_post["text"]) == (1, ""), handle
        assert text_post["text"].startswith(f"{TITLE}\n\nС сегодняшнего дня"), handle
        assert {"bold", "blockquote", "textUrl"} <= {e["type"] for e in text_post["entities"]}, handle
        assert 0 <= photo_post["date"] - due.timestamp() < 10, handle
    assert_the_wall_shows(newsroom, browser)
    assert axe_violations(page) == []

    editor.correct(BODY.replace("шестьдесят", "семьдесят"))
    editor.expect_corrected(CHANNELS)
    corrected = [posts[-1]["text"] for posts in new_posts(newsroom, started).values()]
    assert sum("семьдесят фонарей" in text for text in corrected) == CHANNELS

    editor.withdraw("Открытие перенесено.")
    editor.expect_lanes("over", CHANNELS)
    assert new_posts(newsroom, started) == {}

    newsroom.run("counts", "take")
    assert counted_since(newsroom, started) == CHANNELS
    page.close()


def assert_the_wall_shows(newsroom: Newsroom, browser: Browser) -> None:
    """What readers see, by the sandbox's own drawing of what came over the wire."""
    page = browser.new_page(viewport={"width": 1280, "height": 900}, locale="ru-RU")
    page.goto(f"{newsroom.sandbox_address}channels/demo_kultura")
    post = page.get_by_role("article").last
    expect(post.locator("strong, b").first).to_have_text(TITLE)
    expect(post.locator("blockquote")).to_contain_text("Сад остался таким")
    expect(post.get_by_role("link", name="сайт города")).to_have_attribute("href", "https://krd.ru/")
    show(page, "sandbox")
    page.close()


def show(page: Page, name: str) -> None:
    """Keep a picture of the page; README shows these (`make screenshots`)."""
    SCREENSHOTS.mkdir(exist_ok=True)
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=SCREENSHOTS / f"{name}.png")


def new_posts(newsroom: Newsroom, since: datetime) -> dict[str, list[dict[str, Any]]]:
    """What was put up since then and stands, by channel."""
    walls = {
        handle: [post for post in posts if post["date"] >= int(since.timestamp())]
        for handle, posts in newsroom.walls().items()
    }
    return {handle: posts for handle, posts in walls.items() if posts}


def counted_since(newsroom: Newsroom, since: datetime) -> int:
    """How many channels the network was asked about since then."""
    counts = json.loads(newsroom.run("counts", "export", "--format", "json"))
    fresh = (c for c in counts if datetime.fromisoformat(c["taken_at"]) >= since.replace(microsecond=0))
    return len({c["channel"] for c in fresh if c["source"] == "network"})
