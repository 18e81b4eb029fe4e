"""The main job in a browser: written once, standing in 27 channels on time, corrected, withdrawn, counted."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import axe_violations
from tests.files import picture
from tests.tasks.editor import Editor, KeyboardEditor, next_minute, seen, watch
from tests.tasks.newsroom import Newsroom

CHANNELS = 27
TITLE = "Дороги: где работают на этой неделе"
BODY = """\
Рабочие меняют покрытие на **шести улицах**. Движение не закроют.

> «Работы идут ночью, чтобы днём город ехал как обычно», — сказали в департаменте.

- Красная: до пятницы;
- Северная: до среды.

Карта работ — на [сайте города](https://krd.ru/).
"""
MORE = "\n" + "Подробности по каждой улице появятся в канале департамента. " * 16


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A picture as an editor has it."""
    file = tmp_path / "doroga.jpg"
    file.write_bytes(picture(1200, 800))
    return file


@pytest.mark.parametrize("person", [Editor, KeyboardEditor])
def test_an_item_is_scheduled_corrected_and_withdrawn_everywhere(
    newsroom: Newsroom, browser: Browser, photo: Path, person: type[Editor]
) -> None:
    started = datetime.now(UTC)
    page = browser.new_page(viewport={"width": 1280, "height": 900}, locale="ru-RU")
    editor = person(page, newsroom, newsroom.sign_in_link("chief", "press"))

    editor.open_composer()
    editor.write(TITLE, BODY + MORE)
    editor.add_file(photo)
    editor.choose_all(CHANNELS)
    expect(page.get_by_text("из 1 024").first).to_be_visible()
    editor.put_picture_first()
    expect(page.get_by_text("из 4 096").first).to_be_visible()
    due = next_minute(datetime.now(UTC))
    editor.schedule(due)

    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    editor.expect_lanes("moving", CHANNELS)
    watch(page)
    editor.expect_lanes("settled", CHANNELS)
    assert {"lanes-moving", "lanes-settled"} <= set(seen(page))
    for handle, posts in new_posts(newsroom, started).items():
        photo_post, text_post = posts
        assert (len(photo_post["media"]), photo_post["text"]) == (1, ""), handle
        assert text_post["text"].startswith(f"{TITLE}\n\nРабочие меняют"), handle
        assert {"bold", "blockquote", "textUrl"} <= {e["type"] for e in text_post["entities"]}, handle
        assert 0 <= photo_post["date"] - due.timestamp() < 10, handle
    assert axe_violations(page) == []

    editor.correct(BODY.replace("шести", "семи") + MORE)
    editor.expect_corrected(CHANNELS)
    assert all("семи улицах" in posts[-1]["text"] for posts in new_posts(newsroom, started).values())

    editor.withdraw("Сроки работ изменились.")
    editor.expect_lanes("over", CHANNELS)
    assert new_posts(newsroom, started) == {}

    newsroom.run("counts", "take")
    assert counted_since(newsroom, started) == CHANNELS
    page.close()


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
