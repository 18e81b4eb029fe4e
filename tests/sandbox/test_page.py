"""The page as it comes from the running sandbox."""

import re
from html import unescape

import httpx
import pytest
from telethon.tl import types

from tests.sandbox.clients import first_id, picture, speaking
from tests.sandbox_process import SandboxProcess, running_sandbox

SCRIPT = "<script>alert('1')</script>"


def text_of(html: str) -> str:
    """What a reader sees of a page, without its tags."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def form_key(page: str) -> str:
    """The key that the page's forms carry; empty when it may not control."""
    found = re.search(r'name="key" value="([0-9a-f]+)"', page)
    return found[1] if found else ""


@pytest.mark.anyio
class TestReading:
    """What readers see."""

    async def test_a_post_is_shown_with_its_marks(
        self, sandbox: SandboxProcess, visitor: httpx.Client, handle: str
    ) -> None:
        async with speaking(sandbox, handle) as speaker:
            await speaker.say("🏛 Важно: вода", entities=[types.MessageEntityBold(3, 6)])
        page = visitor.get(f"/channels/{handle}").text
        assert "🏛 <b>Важно:</b> вода" in page
        assert "Учебный режим: это не настоящие сети" in page
        assert "1 000 подписчиков" in text_of(page).replace("\u202f", " ")

    async def test_markup_in_a_post_is_shown_as_text_everywhere(
        self, sandbox: SandboxProcess, visitor: httpx.Client, handle: str
    ) -> None:
        sandbox.add_channels([handle], title=SCRIPT, about=SCRIPT)
        bot = sandbox.add_bot(SCRIPT)
        sandbox.set_rights(handle, bot, post=True)
        async with speaking(sandbox, handle, bot) as speaker:
            await speaker.say(SCRIPT, entities=[types.MessageEntityTextUrl(0, 8, 'https://x.org/"><script>')])
            file = await speaker.store(b"x", '"><script>.txt', 'text/html"><script>')
            await speaker.ask(speaker.photo(file, SCRIPT))
        for path in ("/", f"/channels/{handle}", "/wall", "/live/channels", "/drill/"):
            page = visitor.get(path).text
            assert page.count("<script") == (0 if path.startswith("/live") else 1), path
            assert "alert" not in page or "&lt;script&gt;" in page

    async def test_an_album_is_one_post(
        self, sandbox: SandboxProcess, visitor: httpx.Client, handle: str
    ) -> None:
        async with speaking(sandbox, handle) as speaker:
            photos = [await speaker.store(picture(colour)) for colour in ("red", "green", "blue")]
            await speaker.ask(speaker.album(photos, text="Три снимка"))
        page = visitor.get(f"/live/channels/{handle}").text
        assert page.count("data-post") == 1
        assert page.count("<img") == 3
        assert 'alt="Фотография 2 из 3"' in page

    async def test_a_deleted_post_vanishes_and_can_be_asked_for(
        self, sandbox: SandboxProcess, visitor: httpx.Client, handle: str
    ) -> None:
        async with speaking(sandbox, handle) as speaker:
            number = await speaker.say("Ушедшая новость")
        sandbox.change_post(handle, number, "delete")
        for path in (f"/channels/{handle}", "/wall"):
            assert "Ушедшая новость" not in visitor.get(path).text
            shown = visitor.get(path, params={"deleted": 1}).text
            assert "Ушедшая новость" in shown
            assert "is-deleted" in shown

    async def test_an_edited_post_says_so(
        self, sandbox: SandboxProcess, visitor: httpx.Client, handle: str
    ) -> None:
        async with speaking(sandbox, handle) as speaker:
            number = await speaker.say("Было")
        assert "изменено" not in visitor.get(f"/channels/{handle}").text
        sandbox.change_post(handle, number, "edit", text="Стало")
        page = text_of(visitor.get(f"/live/channels/{handle}").text)
        assert "Стало" in page
        assert "изменено" in page

    async def test_hidden_text_is_not_in_the_preview(
        self, sandbox: SandboxProcess, visitor: httpx.Client, handle: str
    ) -> None:
        async with speaking(sandbox, handle) as speaker:
            await speaker.say("🔒 тайна тут", entities=[types.MessageEntitySpoiler(3, 5)])
        row = visitor.get("/live/channels").text.split(f'data-handle="{handle}"')[1].split("</li>")[0]
        assert "тайна" not in row
        assert "🔒 ▒▒▒▒▒ тут" in row

    async def test_earlier_posts_are_a_page_further(
        self, sandbox: SandboxProcess, visitor: httpx.Client, handle: str
    ) -> None:
        async with speaking(sandbox, handle) as speaker:
            for number in range(35):
                await speaker.say(f"Новость №{number}.")
        page = visitor.get(f"/channels/{handle}").text
        assert "Новость №34." in page
        assert "Новость №4." not in page
        older = re.search(r'href="([^"]*before=\d+)"', page)
        assert older
        earlier = visitor.get(unescape(older[1])).text
        assert "Новость №0." in earlier
        assert "Новость №34." not in text_of(earlier).split("К последним")[0].split("@")[-1]

    async def test_the_live_part_is_sent_only_when_something_changed(
        self, sandbox: SandboxProcess, visitor: httpx.Client, handle: str
    ) -> None:
        async with speaking(sandbox, handle) as speaker:
            await speaker.say("Первая")
            for path in ("/live/channels", f"/live/channels/{handle}", "/live/wall"):
                known = visitor.get(path).headers["ETag"]
                answers = [visitor.get(path, headers={"If-None-Match": known}) for _ in range(2)]
                # The counts are looked at anew every ten seconds: once in a while one of the two is.
                assert 304 in {answer.status_code for answer in answers}
                await speaker.say(f"Ещё одна для {path}")
                changed = visitor.get(path, headers={"If-None-Match": known})
                assert changed.status_code == 200
                assert "Ещё одна" in changed.text

    async def test_the_language_can_be_switched(
        self, sandbox: SandboxProcess, visitor: httpx.Client, handle: str
    ) -> None:
        sandbox.add_channels([handle])
        answer = visitor.get("/language/en", params={"back": f"/channels/{handle}"})
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/channels/{handle}")
        for path in ("/nowhere", "/drill/"):
            page = visitor.get(path).text.split("drill-state")[0]
            assert '<html lang="en">' in page
            assert "Training mode: these are not real networks" in page
            assert not re.search("[а-яё]", page.replace("Русский", ""))

    @pytest.mark.parametrize("back", ["https://example.org/", "//example.org", "/\\example.org"])
    async def test_the_way_back_leads_nowhere_else(self, visitor: httpx.Client, back: str) -> None:
        assert visitor.get("/language/en", params={"back": back}).headers["Location"] == "/"

    async def test_what_is_not_there_is_a_page_of_ours(self, visitor: httpx.Client) -> None:
        answer = visitor.get("/channels/nobody_here")
        assert answer.status_code == 404
        assert "Такой страницы здесь нет" in answer.text
        assert "Учебный режим" in answer.text


@pytest.mark.anyio
class TestFiles:
    """Media cannot run."""

    async def test_a_photo_is_shown_in_place(
        self, sandbox: SandboxProcess, visitor: httpx.Client, handle: str
    ) -> None:
        async with speaking(sandbox, handle) as speaker:
            await speaker.ask(speaker.photo(await speaker.store(picture())))
        [post] = sandbox.posts(handle)
        answer = visitor.get(post["media"][0]["url"])
        assert answer.content == picture()
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.headers.get("Content-Disposition", "inline").startswith("inline")
        assert_harmless(answer)

    @pytest.mark.parametrize(
        ("data", "name", "mime", "told"),
        [
            (b"<script>alert(1)</script>", "page.html", "text/html", "text/html"),
            (b"<svg onload='alert(1)'/>", "a.svg", "image/svg+xml", "image/svg+xml"),
            (b"%PDF-1.4", "Постановление № 1.pdf", "application/pdf", "application/pdf"),
            (picture(), "picture.png", "image/png", "image/png"),
            (b"film", "film.mp4", "video/mp4", "video/mp4"),
            (b"x", "a", "text/html\r\nX-Bad: 1", "application/octet-stream"),
            (b"x", "", "", "application/octet-stream"),
        ],
        ids=["page", "svg", "pdf", "picture as a file", "film", "two lines", "nameless"],
    )
    async def test_any_other_file_is_only_handed_out(
        self, sandbox: SandboxProcess, visitor: httpx.Client, handle: str, data: bytes, name: str,
        mime: str, told: str,
    ) -> None:  # fmt: skip
        async with speaking(sandbox, handle) as speaker:
            await speaker.ask(speaker.photo(await speaker.store(data, name, mime)))
        [post] = sandbox.posts(handle)
        answer = visitor.get(post["media"][0]["url"])
        assert answer.content == data
        assert answer.headers["Content-Type"].split(";")[0] == told
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert "X-Bad" not in answer.headers
        assert_harmless(answer)

    async def test_a_file_that_nobody_sent_is_not_found(self, visitor: httpx.Client) -> None:
        for path in ("/media/1", "/media/..%2fsandbox.sqlite", "/media/sandbox.sqlite"):
            assert visitor.get(path).status_code == 404


def assert_harmless(answer: httpx.Response) -> None:
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/", "/wall", "/drill/", "/nowhere", "/live/wall"])
def test_nothing_may_run_but_the_pages_own_script(visitor: httpx.Client, path: str) -> None:
    answer = visitor.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"\son\w+=|\sstyle=|<style|<script(?! type=.module. src=)", answer.text)


class TestDrills:
    """The page's controls."""

    def post(self, visitor: httpx.Client, path: str, **values: str) -> httpx.Response:
        """Send a form as the page does."""
        key = form_key(visitor.get("/drill/").text)
        return visitor.post(f"/drill{path}", data={"key": key, "back": "/wall", **values})

    def test_a_fault_is_planned_shown_and_removed(
        self, sandbox: SandboxProcess, visitor: httpx.Client
    ) -> None:
        answer = self.post(
            visitor, "/faults", kind="error", error="420 FLOOD_WAIT_9", when="after",
            method="messages.editMessage", times="", skip="2", seconds="0",
        )  # fmt: skip
        assert (answer.status_code, answer.headers["Location"]) == (303, "/wall")
        [fault] = sandbox.call("GET", "/faults")["planned"]
        assert fault | {"id": 0} == {
            "id": 0, "network": "telegram", "method": "messages.editMessage", "channel": None, "skip": 2,
            "times": None, "kind": "error", "when": "after", "seconds": 0, "code": 420,
            "error": "FLOOD_WAIT_9",
        }  # fmt: skip
        assert "FLOOD_WAIT_9" in visitor.get("/drill/live").text
        self.post(visitor, "/faults/remove", id=str(fault["id"]))
        assert sandbox.call("GET", "/faults")["planned"] == []
        assert "Сбоев не запланировано" in visitor.get("/drill/live").text

    def test_the_network_is_switched(self, sandbox: SandboxProcess, visitor: httpx.Client) -> None:
        for path, values in (
            ("/latency", {"ms": "12,5"}), ("/limits", {"on": "1"}), ("/offline", {"on": "1"}),
            ("/duplicates", {"answer": "error"}),
        ):  # fmt: skip
            assert self.post(visitor, path, **values).status_code == 303
        state = sandbox.call("GET", "/faults")
        assert {k: state[k] for k in ("latency_ms", "limits", "offline", "duplicates")} == {
            "latency_ms": 12.5, "limits": True, "offline": True, "duplicates": "error",
        }  # fmt: skip
        for path, values in (
            ("/latency", {"ms": ""}), ("/limits", {"on": "0"}), ("/offline", {"on": "0"}),
            ("/duplicates", {"answer": "original"}),
        ):  # fmt: skip
            self.post(visitor, path, **values)
        assert sandbox.call("GET", "/faults")["latency_ms"] == 0

    @pytest.mark.anyio
    async def test_posts_are_changed_by_hand(
        self, sandbox: SandboxProcess, visitor: httpx.Client, handle: str
    ) -> None:
        async with speaking(sandbox, handle) as speaker:
            number = await speaker.say("Было")
            photo = await speaker.store(picture())
            album = first_id(await speaker.ask(speaker.album([photo, photo])))
        before = sandbox.posts(handle)[0]["date"]
        self.post(visitor, f"/posts/{handle}/{number}/edit", text=" Стало\r\nдругое ")
        self.post(visitor, f"/posts/{handle}/{number}/age")
        self.post(visitor, f"/posts/{handle}/{album}/delete")
        [post] = sandbox.posts(handle)
        assert post["text"] == "Стало\nдругое"
        assert before - post["date"] == 49 * 3600

    def test_a_bot_is_revoked_and_restored(self, sandbox: SandboxProcess, visitor: httpx.Client) -> None:
        bot = sandbox.add_bot("Бот учений")
        self.post(visitor, f"/bots/{bot.id}/revoke")
        assert "Бот учений: ключ отозван" in text_of(visitor.get("/drill/live").text)
        self.post(visitor, f"/bots/{bot.id}/restore")
        assert "Бот учений: действует" in text_of(visitor.get("/drill/live").text)

    @pytest.mark.parametrize(
        ("path", "values"),
        [
            ("/faults", {"kind": "error", "when": "before", "error": "nonsense"}),
            ("/faults", {"kind": "explosion", "when": "before"}),
            ("/faults", {"kind": "drop", "when": "before", "times": "many"}),
            ("/latency", {"ms": "nan"}),
            ("/latency", {"ms": "-1"}),
            ("/duplicates", {"answer": "perhaps"}),
        ],
        ids=str,
    )
    def test_nonsense_changes_nothing(
        self, sandbox: SandboxProcess, visitor: httpx.Client, path: str, values: dict[str, str]
    ) -> None:
        before = sandbox.call("GET", "/faults")
        answer = self.post(visitor, path, **values)
        assert answer.status_code == 400
        assert "Так не получится" in answer.text
        assert sandbox.call("GET", "/faults") == before

    @pytest.mark.parametrize("key", ["", "0" * 64])
    def test_a_form_without_the_pages_key_is_refused(
        self, sandbox: SandboxProcess, visitor: httpx.Client, key: str
    ) -> None:
        assert self.post(visitor, "/offline", key=key, on="1").status_code == 403
        assert sandbox.call("GET", "/faults")["offline"] is False

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "http://evil.example.org"},
            {"Origin": "null"},
            {"X-Forwarded-For": "203.0.113.5"},
            {"Host": "evil.example.org"},
        ],
        ids=["another site", "an opaque site", "behind a proxy", "another name"],
    )
    def test_nobody_but_the_page_itself_controls(
        self, sandbox: SandboxProcess, visitor: httpx.Client, headers: dict[str, str]
    ) -> None:
        form = {"key": form_key(visitor.get("/drill/").text), "on": "1"}
        assert visitor.post("/drill/offline", data=form, headers=headers).status_code == 403
        assert sandbox.call("GET", "/faults")["offline"] is False
        own = {"Origin": f"http://{sandbox.host}:{sandbox.http_port}"}
        assert visitor.post("/drill/offline", data={**form, "on": "0"}, headers=own).status_code == 303

    def test_who_comes_through_a_proxy_only_looks_until_they_bring_the_token(
        self, sandbox: SandboxProcess, visitor: httpx.Client
    ) -> None:
        visitor.headers["X-Forwarded-For"] = "203.0.113.5"
        page = visitor.get("/drill/").text
        assert not form_key(page)
        assert "Отсюда можно только смотреть" in page
        assert visitor.get("/drill/live").status_code == 403
        assert visitor.post("/key", data={"token": "wrong"}).status_code == 403
        answer = visitor.get("/", params={"key": sandbox.token})
        assert answer.status_code == 303
        assert sandbox.token not in answer.headers["Location"]
        assert "SameSite=Strict" in answer.headers["Set-Cookie"]
        assert "HttpOnly" in answer.headers["Set-Cookie"]
        assert sandbox.token not in answer.headers["Set-Cookie"]
        assert self.post(visitor, "/limits", on="0").status_code == 303

    def test_the_token_is_on_no_page(self, sandbox: SandboxProcess, visitor: httpx.Client) -> None:
        for path in ("/", "/wall", "/drill/"):
            assert sandbox.token not in visitor.get(path).text


def test_an_empty_sandbox_says_so(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running_sandbox(tmp_path_factory.mktemp("empty")) as sandbox:
        for path in ("/", "/wall", "/drill/"):
            answer = httpx.get(f"http://{sandbox.host}:{sandbox.http_port}{path}")
            assert answer.status_code == 200
        assert "Каналов пока нет" in httpx.get(f"http://{sandbox.host}:{sandbox.http_port}/").text
