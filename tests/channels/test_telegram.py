"""The Telegram adapter on the sandbox: the contract, and what only Telegram has."""

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from telethon import errors as telethon_errors
from telethon.crypto import AuthKey
from telethon.errors import RPCError, rpc_message_to_error
from telethon.sessions import StringSession
from telethon.tl import functions, types

from publisher.channels.base import Channel, Credentials
from publisher.channels.telegram.adapter import connect_telegram
from publisher.channels.telegram.errors import Duplicate, NotModified, name_of, translate
from publisher.channels.telegram.link import Login, open_link
from publisher.core.platforms import TELEGRAM
from publisher.core.receipts import BY_CODE, describe
from publisher.core.richtext import Entity, Mark, RichText
from publisher.errors import (
    ChannelError,
    ConfigError,
    Forbidden,
    Gone,
    Limited,
    Refused,
    Scope,
    SignedOut,
    Unconfirmed,
    Unreachable,
)
from tests.channels.contract import LIMIT_SECONDS, ChannelContract, Desk, Shown, Trouble, new_keys
from tests.channels.editions import Media, post
from tests.sandbox_process import Bot, SandboxProcess, start_sandbox

MARKS = {
    "bold": Mark.BOLD, "italic": Mark.ITALIC, "underline": Mark.UNDERLINE, "strike": Mark.STRIKE,
    "spoiler": Mark.SPOILER, "code": Mark.CODE, "textUrl": Mark.LINK, "customEmoji": Mark.EMOJI,
}  # fmt: skip
FAULTS: dict[Trouble, dict[str, Any]] = {
    Trouble.DROP_BEFORE: {"kind": "drop", "when": "before"},
    Trouble.DROP_AFTER: {"kind": "drop", "when": "after"},
    Trouble.HANG_BEFORE: {"kind": "hang", "when": "before"},
    Trouble.HANG_AFTER: {"kind": "hang", "when": "after"},
    Trouble.FAIL_BEFORE: {"kind": "error", "when": "before", "code": 500, "error": "INTERNAL"},
    Trouble.FAIL_AFTER: {"kind": "error", "when": "after", "code": 500, "error": "INTERNAL"},
    Trouble.LIMIT: {"kind": "error", "code": 420, "error": f"FLOOD_WAIT_{LIMIT_SECONDS}"},
    Trouble.REFUSE: {"kind": "error", "code": 400, "error": "ENTITY_BOUNDS_INVALID"},
}
_number = count(1)


class Sandbox:
    """The stand-in for all tests of the module; it may be started again on the same ports."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.process: SandboxProcess = start_sandbox(folder)

    def restart(self) -> None:
        """Stop it and start it again."""
        ports = {"port": self.process.http_port, "telegram_port": self.process.telegram_port}
        self.process.stop()
        self.process = start_sandbox(self._folder, **ports)


class TelegramWall:
    """A channel in the sandbox with a bot of its own."""

    platform = TELEGRAM
    duplicate_answers: Sequence[str] = ("original", "error")

    def __init__(self, sandbox: Sandbox, media: Media) -> None:
        self._sandbox = sandbox
        self._media = media
        self.handle = f"wall_{next(_number)}"
        self.bot: Bot = self.process.add_bot()
        self.process.add_channels([self.handle], self.bot)

    @property
    def process(self) -> SandboxProcess:
        """The sandbox's control."""
        return self._sandbox.process

    def credentials(self) -> Credentials:
        """The bot's."""
        return Credentials(values=self.bot.credentials)

    @asynccontextmanager
    async def connect(
        self,
        *,
        session: str | None = None,
        wrong_secret: bool = False,
        seconds: float = 5.0,
        **values: str,
    ) -> AsyncIterator[Channel]:
        """The adapter; without a session it shakes hands and signs in."""
        secrets = {**self.bot.credentials, **values}
        if wrong_secret:
            secrets["bot_token"] = f"{self.bot.id}:wrong"
        channel = connect_telegram(
            Credentials(values=secrets, session=session), self._media.path, server=self.process.server,
            server_key=self.process.key, timeout=timedelta(seconds=seconds),
        )  # fmt: skip
        try:
            yield channel
        finally:
            await channel.close()

    def shown(self) -> list[Shown]:
        """What stands."""
        return [_shown(entry) for entry in self.process.posts(self.handle)]

    def make(self, trouble: Trouble, *, skip: int = 0, times: int | None = 1) -> None:
        """Plan a fault for changes in this channel."""
        fault = {"channel": self.handle, "skip": skip, "times": times, **FAULTS[trouble]}
        self.process.plan_fault(method="*", **fault)

    def behave(self) -> None:
        """No faults, nothing switched."""
        self.process.clear_faults()
        self.process.set_offline(on=False)
        self.process.set_duplicates("original")

    def answer_duplicates(self, way: str) -> None:
        """The original message, or an error."""
        self.process.set_duplicates(way)

    def take_rights(self) -> None:
        """No administrator any more."""
        self.process.set_rights(self.handle, self.bot, post=False, edit=False, delete=False)

    def set_signed_out(self, *, on: bool) -> None:
        """Revoke the bot's token."""
        self.process.revoke_bot(self.bot, restore=not on)

    def set_offline(self, *, on: bool) -> None:
        """Refuse new links."""
        self.process.set_offline(on=on)

    def restart(self) -> None:
        """All links drop."""
        self._sandbox.restart()

    def set_readers(self, value: int) -> None:
        """Subscribers."""
        self.process.set_subscribers(self.handle, value)

    def delete_by_hand(self, external_id: int | str) -> None:
        """As an administrator does."""
        self.process.change_post(self.handle, int(external_id), "delete")

    def edit_by_hand(self, external_id: int | str, text: str) -> None:
        """As an administrator does."""
        self.process.change_post(self.handle, int(external_id), "edit", text=text)

    def make_older(self, external_id: int | str, age: timedelta) -> None:
        """Move its date back."""
        hours = age.total_seconds() / 3600
        self.process.change_post(self.handle, int(external_id), "age", hours=hours)

    def sign_ins(self) -> int:
        """Sign-ins with a token."""
        return self.count("auth.importBotAuthorization")

    def uploads(self) -> int:
        """Files stored."""
        return self.count("messages.uploadMedia")

    def count(self, method: str) -> int:
        """How often a method was asked for."""
        return sum(entry["method"] == method for entry in self.process.requests())


def _shown(entry: dict[str, Any]) -> Shown:
    file = entry["media"][0]["sha256"] if entry["media"] else None
    entities = tuple(_entity(entity) for entity in entry["entities"])
    text = RichText(text=entry["text"], entities=entities)
    return Shown(id=entry["id"], text=text, file=file, silent=entry["silent"])


def _entity(entity: dict[str, Any]) -> Entity:
    if entity["type"] == "blockquote":
        mark = Mark.EXPANDABLE_QUOTE if entity.get("collapsed") else Mark.QUOTE
    else:
        mark = MARKS[entity["type"]]
    target = entity.get("url") or entity.get("document_id")
    return Entity(
        mark=mark,
        offset=entity["offset"],
        length=entity["length"],
        target=None if target is None else str(target),
    )


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One sandbox for all."""
    running = Sandbox(tmp_path_factory.mktemp("sandbox"))
    yield running
    running.process.stop()


@pytest.fixture
def media(tmp_path: Path) -> Media:
    """A folder of files."""
    return Media(tmp_path)


@pytest.fixture
def wall(sandbox: Sandbox, media: Media) -> Iterator[TelegramWall]:
    """A channel in which the bot may do everything."""
    made = TelegramWall(sandbox, media)
    yield made
    made.behave()


class TestTelegram(ChannelContract):
    """The contract on Telegram."""


@pytest.mark.anyio
class TestSigningIn:
    """Sessions, keys, data centres."""

    async def test_a_session_made_elsewhere_needs_no_token(self, wall: TelegramWall) -> None:
        before = wall.sign_ins()
        async with wall.connect(session=wall.bot.session, bot_token="") as channel:
            await (await Desk.open(channel, wall)).publish(post("По готовому входу"))
        assert wall.sign_ins() == before

    async def test_a_link_that_could_not_be_opened_leaves_no_unseen_error(self, wall: TelegramWall) -> None:
        unseen: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, told: unseen.append(told["message"]))
        login = Login(api_id="1", api_hash="none", bot_token="", server=wall.process.server)
        with suppress(SignedOut):
            await open_link(login, unknown_session(wall), on_lost=lambda _link: None)
        # Asyncio tells of it when nothing refers to it any more.
        gc.collect()
        await asyncio.sleep(0.1)
        gc.collect()
        assert unseen == []

    async def test_a_session_that_telegram_forgot_is_replaced_by_the_token(self, wall: TelegramWall) -> None:
        forgotten = unknown_session(wall)
        async with wall.connect(session=forgotten) as channel:
            identity = await channel.check()
        assert identity.session not in {forgotten, ""}

    async def test_a_damaged_session_is_replaced_by_the_token(self, wall: TelegramWall) -> None:
        for damaged in ("no session", "1AAAA", wall.bot.session[:-9]):
            async with wall.connect(session=damaged) as channel:
                assert (await channel.check()).name

    async def test_a_dead_session_without_a_token_is_signed_out(self, wall: TelegramWall) -> None:
        for dead in (unknown_session(wall), "no session"):
            async with wall.connect(session=dead, bot_token="") as channel:
                with pytest.raises(SignedOut):
                    await channel.check()

    async def test_neither_session_nor_token_is_signed_out(self, wall: TelegramWall) -> None:
        async with wall.connect(bot_token="") as channel:
            with pytest.raises(SignedOut) as caught:
                await channel.check()
        assert caught.value.code in BY_CODE

    async def test_a_wrong_api_id_is_signed_out(self, wall: TelegramWall) -> None:
        for wrong in ("77", "no number"):
            async with wall.connect(api_id=wrong) as channel:
                with pytest.raises(SignedOut) as caught:
                    await channel.check()
            assert caught.value.code == "API_ID_INVALID"

    async def test_a_bot_at_home_in_another_data_centre_signs_in_there(self, wall: TelegramWall) -> None:
        plan = {"method": "auth.importBotAuthorization", "code": 303, "error": "USER_MIGRATE_2"}
        wall.process.plan_fault(**plan)
        async with wall.connect() as channel:
            assert (await channel.check()).name

    async def test_a_bot_that_is_sent_in_circles_is_unreachable(self, wall: TelegramWall) -> None:
        plan = {"method": "auth.importBotAuthorization", "code": 303, "error": "USER_MIGRATE_2"}
        wall.process.plan_fault(times=None, **plan)
        async with wall.connect() as channel:
            with pytest.raises(Unreachable):
                await channel.check()

    async def test_a_server_that_hangs_at_sign_in_is_unreachable(self, wall: TelegramWall) -> None:
        wall.process.plan_fault(method="auth.importBotAuthorization", kind="drop")
        async with wall.connect() as channel:
            with pytest.raises(Unreachable):
                await channel.check()
            assert (await channel.check()).name

    async def test_a_key_file_that_is_none_is_named(self, wall: TelegramWall, tmp_path: Path) -> None:
        wrong = tmp_path / "key.pem"
        for make in (lambda: None, lambda: wrong.write_text("nothing"), lambda: wrong.write_bytes(b"\xff")):
            make()
            with pytest.raises(ConfigError) as caught:
                connect_telegram(
                    wall.credentials(), Path, server=("localhost", 1), server_key=wrong,
                    timeout=timedelta(seconds=1),
                )  # fmt: skip
            assert caught.value.key == "telegram.server_key"


@pytest.mark.anyio
class TestFiles:
    """Uploads."""

    async def test_a_large_file_goes_up_in_parts(self, wall: TelegramWall, media: Media) -> None:
        document = media.document("смета.pdf", bytes(range(256)) * 4 * 1024 * 11)
        async with wall.connect() as channel:
            await (await Desk.open(channel, wall)).publish(post("Смета", document))
        assert wall.shown()[0].file == document.sha256
        assert wall.count("upload.saveBigFilePart") >= 88

    async def test_a_reference_that_expired_is_replaced_by_the_next_try(
        self, wall: TelegramWall, media: Media
    ) -> None:
        edition = post("Фото", media.photo("olive"))
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            await desk.publish(edition)
            before = wall.uploads()
            plan = {"method": "messages.sendMedia", "code": 400, "error": "FILE_REFERENCE_EXPIRED"}
            wall.process.plan_fault(channel=wall.handle, **plan)
            with pytest.raises(Unreachable):
                await desk.publish(edition)
            await desk.publish(edition)
        assert wall.uploads() == before + 1
        assert len(wall.shown()) == 2

    @pytest.mark.parametrize("kind", ["drop", "hang", "error"])
    async def test_a_failed_upload_leaves_nothing_to_settle(
        self, wall: TelegramWall, media: Media, kind: str
    ) -> None:
        for method in ("upload.saveFilePart", "messages.uploadMedia"):
            if (kind, method) == ("hang", "upload.saveFilePart"):
                # A part of a file has a minute of its own.
                continue
            edition = post(method, media.photo("navy"), media.photo("teal"))
            async with wall.connect(seconds=0.6) as channel:
                desk = await Desk.open(channel, wall)
                wall.process.plan_fault(method=method, kind=kind)
                with pytest.raises(Unreachable):
                    await desk.publish(edition)
                await desk.publish(edition)
        assert len(wall.shown()) == (2 if kind == "hang" else 4)


@pytest.mark.anyio
class TestAnswers:
    """What Telegram may say."""

    async def test_a_post_deleted_meanwhile_is_answered_to_a_repeat_all_the_same(
        self, wall: TelegramWall
    ) -> None:
        edition = post("Сняли рукой")
        keys = new_keys(edition)
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            first = await desk.publish(edition, keys)
            wall.delete_by_hand(first.external_ids[0])
            assert (await desk.publish(edition, keys)).external_ids == first.external_ids
        assert wall.shown() == []

    async def test_a_duplicate_that_is_not_to_be_found_stays_unconfirmed(self, wall: TelegramWall) -> None:
        edition = post("Сняли рукой")
        keys = new_keys(edition)
        wall.answer_duplicates("error")
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            known = await desk.publish(post("Раньше"))
            first = await desk.publish(edition, keys)
            wall.delete_by_hand(first.external_ids[0])
            with pytest.raises(Unconfirmed):
                await desk.publish(edition, keys, known.external_ids[0])

    async def test_a_repeat_of_an_old_message_is_found_behind_many_others(self, wall: TelegramWall) -> None:
        edition = post("Самая первая")
        keys = new_keys(edition)
        wall.answer_duplicates("error")
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            await desk.publish(post("Известная"))
            for number in range(150):
                await desk.publish(post(f"Чужая {number}"))
            first = await desk.publish(edition, keys)
            assert await desk.publish(edition, keys, 2) == first

    async def test_a_private_channel_has_a_private_link(self, wall: TelegramWall) -> None:
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            receipt = await channel.publish(desk.address, post("Закрыто"), (7,), "")
        number = desk.address["channel_id"]
        assert receipt.permalink == f"https://t.me/c/{number}/{receipt.external_ids[0]}"

    async def test_a_channel_with_a_known_address_is_not_looked_for_by_name(self, wall: TelegramWall) -> None:
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            asked = wall.count("contacts.resolveUsername")
            found = await channel.resolve(wall.handle, desk.address)
            assert (found.address, found.title) == (desk.address, wall.handle)
            assert wall.count("contacts.resolveUsername") == asked

    async def test_an_address_that_is_no_longer_good_is_found_anew(self, wall: TelegramWall) -> None:
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            found = await channel.resolve(wall.handle, {**desk.address, "access_hash": 1})
        assert found.address == desk.address

    async def test_a_method_that_was_told_to_wait_is_not_asked_for_again(self, wall: TelegramWall) -> None:
        method = "contacts.resolveUsername"
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            asked = wall.count(method)
            wall.process.plan_fault(method=method, kind="error", code=420, error="FLOOD_WAIT_3600")
            for _ in range(2):
                with pytest.raises(Limited) as caught:
                    await channel.resolve(wall.handle)
                assert caught.value.scope is Scope.METHOD
                assert caught.value.retry_after > timedelta(minutes=59)
            assert wall.count(method) == asked + 1
            await desk.publish(post("Остальное идёт"))
        assert len(wall.shown()) == 1

    async def test_a_wrong_access_hash_is_gone(self, wall: TelegramWall) -> None:
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            wrong = {**desk.address, "access_hash": 1}
            with pytest.raises(Gone) as caught:
                await channel.publish(wrong, post("Нет"), (8,), wall.handle)
        assert caught.value.is_channel


def unknown_session(wall: TelegramWall) -> str:
    """A session with a key that the server has never seen."""
    session = StringSession()
    session.set_dc(2, *wall.process.server)
    session.auth_key = AuthKey(bytes(range(256)))
    text: str = session.save()
    return text


def rpc_error(code: int, name: str, request: Any = None) -> RPCError:
    """The error that Telethon makes of an answer."""
    answer = types.RpcError(error_code=code, error_message=name)
    error: RPCError = rpc_message_to_error(answer, request or functions.PingRequest(1))
    return error


@pytest.mark.parametrize(
    ("code", "name", "kind"),
    [
        (420, "FLOOD_WAIT_5", Limited),
        (420, "FLOOD_PREMIUM_WAIT_5", Limited),
        (420, "SLOWMODE_WAIT_5", Limited),
        (420, "SOME_NEW_WAIT_5", Limited),
        (420, "FROZEN_METHOD_INVALID", SignedOut),
        (500, "RPC_CALL_FAIL", Unconfirmed),
        (500, "WORKER_BUSY_TOO_LONG_RETRY", Unconfirmed),
        (500, "INTERDC_2_CALL_ERROR", Unconfirmed),
        (500, "SOMETHING_NEW", Unconfirmed),
        (-503, "Timeout", Unconfirmed),
        (-500, "No workers running", Unconfirmed),
        (500, "RANDOM_ID_DUPLICATE", Duplicate),
        (401, "AUTH_KEY_UNREGISTERED", SignedOut),
        (401, "SESSION_REVOKED", SignedOut),
        (401, "USER_DEACTIVATED_BAN", SignedOut),
        (401, "SOMETHING_NEW", SignedOut),
        (406, "AUTH_KEY_DUPLICATED", SignedOut),
        (400, "ACCESS_TOKEN_INVALID", SignedOut),
        (400, "PEER_FLOOD", SignedOut),
        (403, "CHAT_WRITE_FORBIDDEN", Forbidden),
        (400, "CHAT_ADMIN_REQUIRED", Forbidden),
        (400, "CHANNEL_PRIVATE", Forbidden),
        (403, "CHAT_SEND_PHOTOS_FORBIDDEN", Forbidden),
        (400, "MESSAGE_TOO_LONG", Refused),
        (400, "MEDIA_CAPTION_TOO_LONG", Refused),
        (400, "ENTITY_BOUNDS_INVALID", Refused),
        (400, "PHOTO_INVALID_DIMENSIONS", Refused),
        (400, "MULTI_MEDIA_TOO_LONG", Refused),
        (403, "MESSAGE_DELETE_FORBIDDEN", Refused),
        (400, "SOMETHING_NEW", Refused),
        (400, "MESSAGE_ID_INVALID", Gone),
        (400, "CHANNEL_INVALID", Gone),
        (400, "USERNAME_NOT_OCCUPIED", Gone),
        (400, "FILE_REFERENCE_EXPIRED", Unreachable),
        (400, "FILE_PART_7_MISSING", Unreachable),
        (303, "USER_MIGRATE_4", Unreachable),
    ],
)
def test_an_answer_becomes_an_error_of_ours(code: int, name: str, kind: type[ChannelError]) -> None:
    translated = translate(rpc_error(code, name), changes=True)
    assert type(translated) is kind
    assert describe(translated)["message"]


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ("FLOOD_WAIT_5", "FLOOD_WAIT"),
        ("SLOWMODE_WAIT_30", "SLOWMODE_WAIT"),
        ("SOME_NEW_WAIT_5", "SOME_NEW_WAIT"),
        ("FILE_PART_7_MISSING", "FILE_PART_MISSING"),
        ("CHAT_WRITE_FORBIDDEN", "CHAT_WRITE_FORBIDDEN"),
        ("Timeout", "TIMEOUT"),
    ],
)
def test_the_code_is_telegrams_name_without_its_number(told: str, code: str) -> None:
    assert name_of(rpc_error(420 if "WAIT" in told else 400, told)) == code


def test_a_post_that_shows_it_already_is_no_failure() -> None:
    assert type(translate(rpc_error(400, "MESSAGE_NOT_MODIFIED"), changes=True)) is NotModified


def test_an_internal_error_of_a_read_leaves_nothing_to_settle() -> None:
    assert type(translate(rpc_error(500, "INTERNAL"), changes=False)) is Unreachable


@pytest.mark.parametrize(
    ("name", "request_type", "scope"),
    [
        ("FLOOD_WAIT_5", functions.messages.SendMessageRequest, Scope.ACCOUNT),
        ("FLOOD_WAIT_5", functions.contacts.ResolveUsernameRequest, Scope.METHOD),
        ("SLOWMODE_WAIT_5", functions.messages.SendMessageRequest, Scope.CHANNEL),
    ],
)
def test_a_wait_says_what_it_covers(name: str, request_type: type, scope: Scope) -> None:
    request = (
        functions.contacts.ResolveUsernameRequest("krd")
        if request_type is functions.contacts.ResolveUsernameRequest
        else functions.messages.SendMessageRequest(types.InputPeerSelf(), "", random_id=1)
    )
    wrapped = functions.InvokeWithoutUpdatesRequest(request)
    limited = translate(rpc_error(420, name, wrapped), changes=True)
    assert isinstance(limited, Limited)
    assert limited.scope is scope
    assert limited.retry_after == timedelta(seconds=6)


def test_every_error_that_telethon_knows_has_a_class() -> None:
    known = [
        e for e in telethon_errors.rpc_errors_dict.values() if e is not telethon_errors.RandomIdDuplicateError
    ]
    for error in known:
        assert isinstance(translate(error(request=functions.PingRequest(1)), changes=True), ChannelError)
