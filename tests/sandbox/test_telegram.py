"""What Telegram's stand-in answers to a bot, asked by Telethon as it comes."""

import asyncio
import time
from typing import Any

import pytest
from telethon import errors
from telethon.tl import functions as f
from telethon.tl import types

from tests.sandbox.clients import first_id, name_of, picture, signing_in, speaking
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.anyio


def bold(offset: int, length: int) -> Any:
    return types.MessageEntityBold(offset, length)


class TestSigningIn:
    """Handshake, token, session."""

    async def test_a_bot_shakes_hands_and_signs_in(self, sandbox: SandboxProcess) -> None:
        bot = sandbox.add_bot("Дежурный")
        async with signing_in(sandbox, bot) as client:
            me = await client.get_me()
        assert (me.id, me.bot, me.first_name) == (bot.id, True, "Дежурный")

    async def test_a_minted_session_needs_no_handshake(self, sandbox: SandboxProcess, handle: str) -> None:
        since = len(sandbox.requests())
        async with speaking(sandbox, handle) as speaker:
            number = await speaker.say("Готовый вход")
        assert [post["id"] for post in sandbox.posts(handle)] == [number]
        assert "auth.importBotAuthorization" not in {e["method"] for e in sandbox.requests()[since:]}

    async def test_a_wrong_token_is_refused(self, sandbox: SandboxProcess) -> None:
        bot = sandbox.add_bot()
        with pytest.raises(errors.AccessTokenInvalidError):
            async with signing_in(sandbox, bot, f"{bot.id}:wrong"):
                pass

    async def test_a_revoked_bot_is_signed_out_until_it_is_restored(
        self, sandbox: SandboxProcess, handle: str
    ) -> None:
        bot = sandbox.add_bot()
        async with speaking(sandbox, handle, bot) as speaker:
            sandbox.revoke_bot(bot)
            assert await speaker.refused(speaker.text("Нет")) == (401, "AUTH_KEY_UNREGISTERED")
            with pytest.raises(errors.AccessTokenInvalidError):
                async with signing_in(sandbox, bot):
                    pass
            sandbox.revoke_bot(bot, restore=True)
            await speaker.say("Снова да")


class TestStrictness:
    """What the real network refuses."""

    @pytest.mark.parametrize(
        "method",
        [
            f.messages.GetHistoryRequest(types.InputPeerSelf(), 0, None, 0, 10, 0, 0, 0),
            f.messages.GetMessagesViewsRequest(types.InputPeerSelf(), [1], increment=False),
            f.messages.GetScheduledHistoryRequest(types.InputPeerSelf(), 0),
        ],
        ids=lambda request: type(request).__name__,
    )
    async def test_bots_may_not_read_history(self, sandbox: SandboxProcess, handle: str, method: Any) -> None:
        async with speaking(sandbox, handle) as speaker:
            method.peer = speaker.peer
            assert await speaker.refused(method) == (400, "BOT_METHOD_INVALID")

    async def test_a_method_that_is_not_there_is_an_error_and_the_link_stays(
        self, sandbox: SandboxProcess, handle: str
    ) -> None:
        async with speaking(sandbox, handle) as speaker:
            unknown = f.messages.GetStickersRequest(emoticon="", hash=0)
            assert await speaker.refused(unknown) == (400, "METHOD_INVALID")
            await speaker.say("Связь осталась")

    async def test_a_request_that_nobody_knows_is_an_error_and_the_link_stays(
        self, sandbox: SandboxProcess, handle: str
    ) -> None:
        class Strange(f.PingRequest):  # type: ignore[misc]  # Telethon has no types
            def _bytes(self) -> bytes:
                return b"\x01\x02\x03\x04" * 3

        async with speaking(sandbox, handle) as speaker:
            assert await speaker.refused(Strange(1)) == (400, "INPUT_METHOD_INVALID")
            await speaker.say("Связь осталась")

    async def test_a_fault_of_the_server_is_an_error_and_the_link_stays(
        self, sandbox: SandboxProcess, handle: str
    ) -> None:
        async with speaking(sandbox, handle) as speaker:
            broken = f.channels.GetMessagesRequest(speaker.peer, [types.InputMessagePinned()])
            assert await speaker.refused(broken) == (400, "SANDBOX_ATTRIBUTEERROR")
            await speaker.say("Связь осталась")

    @pytest.mark.parametrize(
        ("rights", "act", "answer"),
        [
            ({"post": False}, "post", (403, "CHAT_WRITE_FORBIDDEN")),
            ({"post": True, "edit": False}, "edit", (400, "CHAT_ADMIN_REQUIRED")),
            ({"post": True, "delete": False}, "delete", (400, "CHAT_ADMIN_REQUIRED")),
            ({"post": True, "edit": False}, "pin", (400, "CHAT_ADMIN_REQUIRED")),
        ],
    )
    async def test_what_the_bot_has_no_right_to_is_refused(
        self, sandbox: SandboxProcess, handle: str, rights: dict[str, bool], act: str, answer: tuple[int, str]
    ) -> None:
        bot = sandbox.add_bot()
        async with speaking(sandbox, handle, bot) as speaker:
            number = await speaker.say("Было")
            requests = {
                "post": speaker.text("Нет"),
                "edit": f.messages.EditMessageRequest(speaker.peer, number, message="Стало"),
                "delete": f.channels.DeleteMessagesRequest(speaker.peer, [number]),
                "pin": f.messages.UpdatePinnedMessageRequest(speaker.peer, number),
            }
            sandbox.set_rights(handle, bot, **rights)
            assert await speaker.refused(requests[act]) == answer
        assert [post["text"] for post in sandbox.posts(handle)] == ["Было"]

    async def test_a_private_channel_is_closed_to_other_bots(
        self, sandbox: SandboxProcess, handle: str
    ) -> None:
        stranger = sandbox.add_bot()
        async with speaking(sandbox, handle, stranger) as speaker:
            sandbox.set_rights(handle, stranger, post=False, edit=False, delete=False)
            private = f"{handle}_private"
            sandbox.add_channels([private], sandbox.add_bot(), private=True)
            hidden = f.contacts.ResolveUsernameRequest(private)
            assert await speaker.refused(hidden) == (400, "USERNAME_NOT_OCCUPIED")

    @pytest.mark.parametrize(
        ("text", "answer"),
        [
            ("я" * 4097, (400, "MESSAGE_TOO_LONG")),
            ("👍" * 2049, (400, "MESSAGE_TOO_LONG")),
            (" \n ", (400, "MESSAGE_EMPTY")),
        ],
    )
    async def test_a_text_outside_its_limits_is_refused(
        self, sandbox: SandboxProcess, handle: str, text: str, answer: tuple[int, str]
    ) -> None:
        async with speaking(sandbox, handle) as speaker:
            assert await speaker.refused(speaker.text(text)) == answer
            number = await speaker.say("Было")
            edit = f.messages.EditMessageRequest(speaker.peer, number, message=text)
            assert await speaker.refused(edit) == answer

    async def test_a_text_of_just_the_limit_stands(self, sandbox: SandboxProcess, handle: str) -> None:
        async with speaking(sandbox, handle) as speaker:
            await speaker.say("👍" * 2048)
            photo = await speaker.store(picture())
            await speaker.ask(speaker.photo(photo, "я" * 1024))
        assert [len(post["text"]) for post in sandbox.posts(handle)] == [2048, 1024]

    async def test_a_caption_over_its_limit_is_refused(self, sandbox: SandboxProcess, handle: str) -> None:
        async with speaking(sandbox, handle) as speaker:
            photo = await speaker.store(picture())
            long = (400, "MEDIA_CAPTION_TOO_LONG")
            assert await speaker.refused(speaker.photo(photo, "я" * 1025)) == long
            assert await speaker.refused(speaker.album([photo, photo], text="я" * 1025)) == long
            number = first_id(await speaker.ask(speaker.photo(photo, "Подпись")))
            edit = f.messages.EditMessageRequest(speaker.peer, number, message="я" * 1025)
            assert await speaker.refused(edit) == long

    @pytest.mark.parametrize(("offset", "length"), [(0, 5), (4, 1), (-1, 2), (1, 0), (0, 1), (1, 1)], ids=str)
    async def test_an_entity_outside_the_text_or_through_a_pair_is_refused(
        self, sandbox: SandboxProcess, handle: str, offset: int, length: int
    ) -> None:
        async with speaking(sandbox, handle) as speaker:
            wrong = speaker.text("👍аб", entities=[bold(offset, length)])
            assert await speaker.refused(wrong) == (400, "ENTITY_BOUNDS_INVALID")

    async def test_blanks_around_a_text_go_and_its_marks_stay_in_place(
        self, sandbox: SandboxProcess, handle: str
    ) -> None:
        async with speaking(sandbox, handle) as speaker:
            await speaker.say("\n  👍 жирно \n", entities=[bold(0, 5), bold(6, 7), bold(11, 2)])
        [post] = sandbox.posts(handle)
        assert post["text"] == "👍 жирно"
        assert [(e["offset"], e["length"]) for e in post["entities"]] == [(0, 2), (3, 5)]

    async def test_the_same_again_is_not_modified(self, sandbox: SandboxProcess, handle: str) -> None:
        async with speaking(sandbox, handle) as speaker:
            number = await speaker.say("Так же", entities=[bold(0, 3)])
            same = f.messages.EditMessageRequest(
                speaker.peer, number, message="Так же", entities=[bold(0, 3)]
            )
            assert await speaker.refused(same) == (400, "MESSAGE_NOT_MODIFIED")
            same.entities = []
            await speaker.ask(same)

    async def test_a_deleted_message_cannot_be_edited_or_pinned(
        self, sandbox: SandboxProcess, handle: str
    ) -> None:
        async with speaking(sandbox, handle) as speaker:
            number = await speaker.say("Было")
            sandbox.change_post(handle, number, "delete")
            for request in (
                f.messages.EditMessageRequest(speaker.peer, number, message="Стало"),
                f.messages.UpdatePinnedMessageRequest(speaker.peer, number),
            ):
                assert await speaker.refused(request) == (400, "MESSAGE_ID_INVALID")
            [read] = await speaker.client.get_messages(speaker.peer, ids=[number])
        assert read is None

    async def test_a_message_older_than_two_days_is_not_deleted(
        self, sandbox: SandboxProcess, handle: str
    ) -> None:
        async with speaking(sandbox, handle) as speaker:
            old, new = await speaker.say("Старое"), await speaker.say("Новое")
            sandbox.change_post(handle, old, "age", hours=48.1)
            sandbox.change_post(handle, new, "age", hours=47.9)
            delete = f.channels.DeleteMessagesRequest(speaker.peer, [old, new])
            assert await speaker.refused(delete) == (403, "MESSAGE_DELETE_FORBIDDEN")
            await speaker.ask(f.channels.DeleteMessagesRequest(speaker.peer, [new]))
        assert [post["id"] for post in sandbox.posts(handle)] == [old]

    async def test_a_post_keeps_its_kind(self, sandbox: SandboxProcess, handle: str) -> None:
        async with speaking(sandbox, handle) as speaker:
            photo = await speaker.store(picture())
            document = await speaker.store(b"%PDF", "a.pdf", "application/pdf")
            text = await speaker.say("Текст")
            shown = first_id(await speaker.ask(speaker.photo(photo)))
            for number, media in ((text, photo), (shown, document)):
                edit = f.messages.EditMessageRequest(speaker.peer, number, message="Стало", media=media)
                assert await speaker.refused(edit) == (400, "MEDIA_PREV_INVALID")
            other = await speaker.store(picture("red"))
            await speaker.ask(f.messages.EditMessageRequest(speaker.peer, shown, message="Да", media=other))

    async def test_bots_may_not_schedule(self, sandbox: SandboxProcess, handle: str) -> None:
        async with speaking(sandbox, handle) as speaker:
            later = speaker.text("Потом", schedule_date=int(time.time()) + 3600)
            assert await speaker.refused(later) == (400, "SCHEDULE_BOT_NOT_ALLOWED")

    async def test_a_wrong_access_hash_is_refused(self, sandbox: SandboxProcess, handle: str) -> None:
        async with speaking(sandbox, handle) as speaker:
            speaker.peer = types.InputPeerChannel(speaker.peer.channel_id, speaker.peer.access_hash + 1)
            assert await speaker.refused(speaker.text("Нет")) == (400, "CHANNEL_INVALID")


class TestFiles:
    """Photos, documents, albums."""

    @pytest.mark.parametrize("size", [1, 11])
    async def test_an_album_has_two_to_ten(self, sandbox: SandboxProcess, handle: str, size: int) -> None:
        async with speaking(sandbox, handle) as speaker:
            photo = await speaker.store(picture())
            assert await speaker.refused(speaker.album([photo] * size)) == (400, "MULTI_MEDIA_TOO_LONG")

    async def test_an_album_takes_only_stored_files_of_one_kind(
        self, sandbox: SandboxProcess, handle: str
    ) -> None:
        async with speaking(sandbox, handle) as speaker:
            photo = await speaker.store(picture())
            document = await speaker.store(b"%PDF", "a.pdf", "application/pdf")
            uploaded = await speaker.upload(picture())
            for wrong in ([photo, document], [photo, uploaded]):
                assert await speaker.refused(speaker.album(wrong)) == (400, "MEDIA_INVALID")
        assert sandbox.posts(handle) == []

    async def test_keys_within_an_album_differ(self, sandbox: SandboxProcess, handle: str) -> None:
        async with speaking(sandbox, handle) as speaker:
            photo = await speaker.store(picture())
            twice = speaker.album([photo, photo], random_ids=[771, 771])
            assert await speaker.refused(twice) == (500, "RANDOM_ID_DUPLICATE")

    @pytest.mark.parametrize(
        ("data", "name"),
        [
            (b"no picture", "IMAGE_PROCESS_FAILED"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "IMAGE_PROCESS_FAILED"),
            (picture(size=(2100, 100)), "PHOTO_INVALID_DIMENSIONS"),
            (picture(size=(9000, 1100)), "PHOTO_INVALID_DIMENSIONS"),
        ],
        ids=["text", "svg", "too long a strip", "too large"],
    )
    async def test_what_is_no_photo_is_refused(
        self, sandbox: SandboxProcess, handle: str, data: bytes, name: str
    ) -> None:
        async with speaking(sandbox, handle) as speaker:
            uploaded = await speaker.upload(data)
            assert await speaker.refused(speaker.photo(uploaded)) == (400, name)

    async def test_a_missing_part_is_noticed(self, sandbox: SandboxProcess, handle: str) -> None:
        async with speaking(sandbox, handle) as speaker:
            uploaded = await speaker.upload(picture())
            uploaded.file.parts += 1
            assert await speaker.refused(speaker.photo(uploaded)) == (400, "FILE_PARTS_INVALID")

    async def test_a_stored_file_is_the_bots_own(self, sandbox: SandboxProcess, handle: str) -> None:
        async with speaking(sandbox, handle) as speaker, speaking(sandbox, f"{handle}_too") as other:
            photo = await speaker.store(picture())
            assert await other.refused(other.photo(photo)) == (400, "MEDIA_INVALID")

    async def test_the_type_of_a_photo_is_what_it_is(self, sandbox: SandboxProcess, handle: str) -> None:
        async with speaking(sandbox, handle) as speaker:
            for form in ("PNG", "JPEG", "WEBP", "GIF"):
                await speaker.ask(speaker.photo(await speaker.store(picture(form=form), "a.jpg")))
        types_ = [post["media"][0]["mime"] for post in sandbox.posts(handle)]
        assert types_ == ["image/png", "image/jpeg", "image/webp", "image/gif"]


class TestRepeats:
    """The same random_id again."""

    async def test_a_repeat_is_answered_with_the_original(self, sandbox: SandboxProcess, handle: str) -> None:
        async with speaking(sandbox, handle) as speaker:
            first = await speaker.say("Один раз", random_id=31)
            assert await speaker.say("Один раз", random_id=31) == first
        assert len(sandbox.posts(handle)) == 1

    async def test_a_repeat_is_answered_with_an_error_when_so_switched(
        self, sandbox: SandboxProcess, handle: str
    ) -> None:
        async with speaking(sandbox, handle) as speaker:
            await speaker.say("Один раз", random_id=32)
            sandbox.set_duplicates("error")
            try:
                again = await speaker.refused(speaker.text("Один раз", random_id=32))
            finally:
                sandbox.set_duplicates("original")
        assert again == (500, "RANDOM_ID_DUPLICATE")
        assert len(sandbox.posts(handle)) == 1

    async def test_an_album_is_repeated_as_a_whole(self, sandbox: SandboxProcess, handle: str) -> None:
        async with speaking(sandbox, handle) as speaker:
            photo = await speaker.store(picture())
            for _ in range(2):
                await speaker.ask(speaker.album([photo, photo], random_ids=[41, 42]))
            half = speaker.album([photo, photo], random_ids=[42, 43])
            assert await speaker.refused(half) == (500, "RANDOM_ID_DUPLICATE")
        assert len(sandbox.posts(handle)) == 2

    async def test_the_same_key_in_another_channel_is_another_post(
        self, sandbox: SandboxProcess, handle: str
    ) -> None:
        bot = sandbox.add_bot()
        for place in (handle, f"{handle}_too"):
            async with speaking(sandbox, place, bot) as speaker:
                await speaker.say("В каждый", random_id=51)
        assert [len(sandbox.posts(place)) for place in (handle, f"{handle}_too")] == [1, 1]

    async def test_a_send_without_a_key_is_refused(self, sandbox: SandboxProcess, handle: str) -> None:
        async with speaking(sandbox, handle) as speaker:
            assert await speaker.refused(speaker.text("Нет", random_id=0)) == (400, "RANDOM_ID_EMPTY")


class TestTrouble:
    """Limits and planned faults."""

    async def test_too_many_messages_have_to_wait(self, sandbox: SandboxProcess, handle: str) -> None:
        sandbox.set_limits(on=True)
        try:
            async with speaking(sandbox, handle) as speaker:
                calls = [speaker.say(f"Новость {number}") for number in range(5)]
                outcomes = await asyncio.gather(*calls, return_exceptions=True)
        finally:
            sandbox.set_limits(on=False)
        waits = [o.seconds for o in outcomes if isinstance(o, errors.FloodWaitError)]
        assert waits
        assert all(1 <= seconds <= 3 for seconds in waits)
        assert len(sandbox.posts(handle)) == 5 - len(waits) >= 1

    async def test_a_planned_wait_says_its_seconds(self, sandbox: SandboxProcess, handle: str) -> None:
        async with speaking(sandbox, handle) as speaker:
            sandbox.plan_fault(channel=handle, code=420, error="FLOOD_WAIT_77")
            with pytest.raises(errors.FloodWaitError) as caught:
                await speaker.say("Ждать")
            await speaker.say("Один сбой прошёл")
        assert caught.value.seconds == 77

    async def test_an_error_after_applying_leaves_the_post(
        self, sandbox: SandboxProcess, handle: str
    ) -> None:
        async with speaking(sandbox, handle) as speaker:
            sandbox.plan_fault(channel=handle, when="after")
            assert (await speaker.refused(speaker.text("Стоит")))[0] == 500
        assert [post["text"] for post in sandbox.posts(handle)] == ["Стоит"]

    @pytest.mark.parametrize(("when", "posts"), [("before", 0), ("after", 1)])
    async def test_a_dropped_link_is_noticed_at_once(
        self, sandbox: SandboxProcess, handle: str, when: str, posts: int
    ) -> None:
        async with speaking(sandbox, handle) as speaker:
            sandbox.plan_fault(channel=handle, kind="drop", when=when)
            with pytest.raises((ConnectionError, EOFError)):
                await speaker.ask(speaker.text("Обрыв"))
        assert len(sandbox.posts(handle)) == posts

    async def test_a_network_that_goes_down_takes_its_links_with_it(
        self, sandbox: SandboxProcess, handle: str
    ) -> None:
        bot = sandbox.add_bot()
        async with speaking(sandbox, handle, bot) as speaker:
            await speaker.say("До сбоя")
            sandbox.set_offline(on=True)
            try:
                with pytest.raises((ConnectionError, EOFError)):
                    await asyncio.wait_for(speaker.ask(speaker.text("Во время сбоя")), 5)
                with pytest.raises(ConnectionError):
                    async with speaking(sandbox, handle, bot):
                        pass
            finally:
                sandbox.set_offline(on=False)
        async with speaking(sandbox, handle, bot) as speaker:
            await speaker.say("После сбоя")
        assert [post["text"] for post in sandbox.posts(handle)] == ["До сбоя", "После сбоя"]

    async def test_a_late_answer_comes_late_and_the_post_at_once(
        self, sandbox: SandboxProcess, handle: str
    ) -> None:
        async with speaking(sandbox, handle) as speaker:
            sandbox.plan_fault(channel=handle, kind="delay", when="after", seconds=0.5)
            started = time.monotonic()
            await speaker.say("Поздно")
        assert time.monotonic() - started >= 0.5

    async def test_a_fault_lets_so_many_through_and_strikes_so_often(
        self, sandbox: SandboxProcess, handle: str
    ) -> None:
        outcomes = []
        async with speaking(sandbox, handle) as speaker:
            sandbox.plan_fault(channel=handle, method="messages.sendMessage", skip=1, times=2)
            for number in range(4):
                try:
                    await speaker.say(f"Новость {number}")
                    outcomes.append("ok")
                except errors.RPCError as error:
                    outcomes.append(name_of(error))
        assert outcomes == ["ok", "INTERNAL", "INTERNAL", "ok"]


async def test_the_readers_are_the_same_for_the_same_seed(sandbox: SandboxProcess, handle: str) -> None:
    async with speaking(sandbox, handle) as speaker:
        number = await speaker.say("Новость")
        sandbox.change_post(handle, number, "age", hours=10)
        [message] = await speaker.client.get_messages(speaker.peer, ids=[number])
        [shown] = sandbox.posts(handle)
    assert message.views == pytest.approx(shown["views"], abs=1)
    assert message.views > 100
