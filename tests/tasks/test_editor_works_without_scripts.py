"""The desk in a browser that runs no scripts: slower, but every task works."""

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.files import picture
from tests.tasks.editor import PlainEditor
from tests.tasks.newsroom import Newsroom

CHANNELS = 27
TITLE = "Ярмарка переехала на набережную"


def test_an_item_is_taken_back_published_corrected_and_withdrawn(
    newsroom: Newsroom, browser: Browser, tmp_path: Path
) -> None:
    photo = tmp_path / "yarmarka.jpg"
    photo.write_bytes(picture(800, 600))
    context = browser.new_context(java_script_enabled=False, locale="ru-RU")
    page = context.new_page()
    editor = PlainEditor(page, newsroom, newsroom.sign_in_link("chief", "press"))

    editor.open_composer()
    editor.write(TITLE, "Торговые ряды стоят **вдоль воды**. " * 40)
    editor.add_file(photo)
    editor.choose_all(CHANNELS)
    editor.put_picture_first()
    editor.publish()
    page.get_by_role("button", name="Вернуть").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    editor.expect_lanes("over", CHANNELS)

    page.get_by_role("link", name="Править").click()
    editor.publish()
    editor.expect_lanes("settled", CHANNELS)
    assert texts(newsroom, TITLE) == ["вдоль воды"] * CHANNELS

    editor.correct("Торговые ряды стоят **на площади**. " * 40)
    page.reload()
    editor.expect_lanes("settled", CHANNELS)
    editor.expect_corrected(CHANNELS)
    assert texts(newsroom, TITLE) == ["на площади"] * CHANNELS

    editor.withdraw("Ярмарку отменили.")
    editor.expect_lanes("over", CHANNELS)
    assert texts(newsroom, TITLE) == []
    context.close()


def texts(newsroom: Newsroom, title: str) -> list[str]:
    """The bold words of every post under this headline."""
    posts = [post for wall in newsroom.walls().values() for post in wall if post["text"].startswith(title)]
    return [word for post in posts for word in ("вдоль воды", "на площади") if word in post["text"]]
