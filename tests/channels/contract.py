"""What every network's adapter must do, seen from the wall: the suite that each of them passes.

A network's test module derives a class from `ChannelContract` and gives it two fixtures: `wall`, a channel on
that network's stand-in in which the account may do everything, and `media`, a folder of files.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import count
from typing import Protocol

import pytest

from publisher.channels.base import Address, Channel, Credentials, Receipt, StandingPost
from publisher.core.editions import Edition, element_keys
from publisher.core.platforms import Platform
from publisher.core.receipts import BY_CODE, Found, describe
from publisher.core.richtext import RichText
from publisher.errors import (
    ChannelError,
    Forbidden,
    Gone,
    Limited,
    Refused,
    SignedOut,
    Unconfirmed,
    Unreachable,
)
from tests.channels.editions import Media, marked_text, media_first, post

COLOURS = ("red", "green", "blue", "gold", "pink", "grey", "teal", "plum", "lime", "tan")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
LIMIT_SECONDS = 7
AT_ONCE = 30
_number = count(1)


class Trouble(StrEnum):
    """What the network can be told to do with a change that is asked of it."""

    DROP_BEFORE = "the link drops, nothing is applied"
    DROP_AFTER = "the link drops after it was applied"
    HANG_BEFORE = "no answer, nothing is applied"
    HANG_AFTER = "no answer though it was applied"
    FAIL_BEFORE = "an internal error, nothing is applied"
    FAIL_AFTER = "an internal error though it was applied"
    LIMIT = "the network asks to wait"
    REFUSE = "the network does not take the content"


# After these the adapter cannot know whether the post stands.
UNKNOWN_OUTCOMES = (
    Trouble.DROP_BEFORE, Trouble.DROP_AFTER, Trouble.HANG_BEFORE, Trouble.HANG_AFTER, Trouble.FAIL_BEFORE,
    Trouble.FAIL_AFTER,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One element of a post as readers see it: its text with marks, its file's SHA-256."""

    id: int | str
    text: RichText
    file: str | None = None
    silent: bool = False


class Wall(Protocol):
    """A channel of ours on a network's stand-in, and a hand on the network."""

    platform: Platform
    handle: str
    # The ways in which the network answers a repeated key.
    duplicate_answers: Sequence[str]

    def connect(
        self, *, session: str | None = None, wrong_secret: bool = False, seconds: float = 5.0
    ) -> AbstractAsyncContextManager[Channel]:
        """An adapter of the account; `seconds` without an answer are its limit for a request."""
        ...

    def credentials(self) -> Credentials:
        """What the account signs in with."""
        ...

    def shown(self) -> list[Shown]:
        """What stands in the channel, oldest first."""
        ...

    def make(self, trouble: Trouble, *, skip: int = 0, times: int | None = 1) -> None:
        """Let the next changes (after so many good ones) go wrong."""
        ...

    def behave(self) -> None:
        """No more trouble."""
        ...

    def answer_duplicates(self, way: str) -> None:
        """One of `duplicate_answers`."""
        ...

    def take_rights(self) -> None:
        """The account may do nothing in the channel any more."""
        ...

    def set_signed_out(self, *, on: bool) -> None:
        """The network no longer accepts the account, or does again."""
        ...

    def set_offline(self, *, on: bool) -> None:
        """The network cannot be reached, or can again."""
        ...

    def restart(self) -> None:
        """The network goes away with all links and comes back."""
        ...

    def set_readers(self, value: int) -> None:
        """How many readers the channel has."""
        ...

    def delete_by_hand(self, external_id: int | str) -> None:
        """A person takes a post away."""
        ...

    def edit_by_hand(self, external_id: int | str, text: str) -> None:
        """A person changes a post."""
        ...

    def make_older(self, external_id: int | str, age: timedelta) -> None:
        """A post was sent earlier than it was."""
        ...

    def sign_ins(self) -> int:
        """How often anybody has signed in with a secret so far."""
        ...

    def uploads(self) -> int:
        """How many files have been uploaded so far."""
        ...


class Desk:
    """An adapter with the channel it speaks to, as delivery would use it."""

    def __init__(self, channel: Channel, wall: Wall, address: Address) -> None:
        self.channel = channel
        self.wall = wall
        self.address = address

    @classmethod
    async def open(cls, channel: Channel, wall: Wall) -> "Desk":
        """Resolve the wall's channel."""
        return cls(channel, wall, (await channel.resolve(wall.handle)).address)

    async def publish(
        self, edition: Edition, keys: Sequence[int] | None = None, after: int | str | None = None
    ) -> Receipt:
        """Publish with these keys, or with new ones."""
        return await self.channel.publish(
            self.address, edition, keys or new_keys(edition), self.wall.handle, after
        )

    async def edit(self, receipt: Receipt, old: Edition, new: Edition) -> Receipt:
        """Change what stands."""
        standing = StandingPost(external_ids=receipt.external_ids, edition=old)
        return await self.channel.edit(self.address, standing, new, self.wall.handle)

    async def delete(self, receipt: Receipt) -> None:
        """Take away what stands."""
        await self.channel.delete(self.address, receipt.external_ids)

    async def find(
        self, edition: Edition, after: int | str | None, since: datetime = LONG_AGO
    ) -> tuple[Found, tuple[int | str, ...]]:
        """Look for a post; its ids when it stands."""
        finding = await self.channel.find(self.address, edition, after, since, self.wall.handle)
        return finding.found, finding.receipt.external_ids if finding.receipt else ()


def new_keys(edition: Edition) -> tuple[int, ...]:
    """Keys that no other post has."""
    return element_keys(f"{time.time_ns()}:{next(_number)}", edition.elements)


def shapes(media: Media) -> dict[str, Edition]:
    """An edition of each shape."""
    return {
        "text": post(marked_text()),
        "photo": post("Подпись", media.photo()),
        "photo without a text": post("", media.photo("gold")),
        "album of two": post(marked_text(), *media.photos(COLOURS[:2])),
        "album of ten": post("Десять", *media.photos(COLOURS)),
        "document": post("Постановление", media.document()),
        "documents": post("Три файла", *(media.document(f"{n}.pdf") for n in range(3))),
        "photo, then the text": media_first(marked_text(), media.photo("plum")),
        "album, then the text": media_first("Потом текст", *media.photos(COLOURS[:3])),
        "documents, then the text": media_first("Файлы", *(media.document(f"0{n}.pdf") for n in range(2))),
    }


SHAPES = (
    "text", "photo", "photo without a text", "album of two", "album of ten", "document", "documents",
    "photo, then the text", "album, then the text", "documents, then the text",
)  # fmt: skip


def expected(edition: Edition, ids: Sequence[int | str]) -> list[Shown]:
    """What the wall must show of an edition."""
    elements: list[tuple[RichText, str | None]] = []
    for message in edition.messages:
        files: list[str | None] = [ref.sha256 for ref in message.media] or [None]
        elements += [(message.text if place == 0 else RichText(text=""), f) for place, f in enumerate(files)]
    return [
        Shown(id=number, text=text, file=file, silent=edition.silent)
        for number, (text, file) in zip(ids, elements, strict=True)
    ]


@pytest.mark.anyio
class ChannelContract:
    """Derive from it, give it a `wall` and a `media` fixture."""

    @pytest.mark.parametrize("shape", SHAPES)
    async def test_the_wall_shows_what_was_published(self, wall: Wall, media: Media, shape: str) -> None:
        edition = shapes(media)[shape]
        started = datetime.now(UTC) - timedelta(seconds=2)
        async with wall.connect() as channel:
            receipt = await (await Desk.open(channel, wall)).publish(edition)
        assert wall.shown() == expected(edition, receipt.external_ids)
        assert receipt.permalink.endswith(f"/{wall.handle}/{receipt.external_ids[0]}")
        assert started <= receipt.at <= datetime.now(UTC)

    async def test_a_silent_post_makes_no_sound(self, wall: Wall, media: Media) -> None:
        edition = post("Тихо", media.photo(), silent=True)
        async with wall.connect() as channel:
            receipt = await (await Desk.open(channel, wall)).publish(edition)
        assert wall.shown() == expected(edition, receipt.external_ids)

    async def test_what_is_prepared_is_not_seen_and_not_uploaded_again(
        self, wall: Wall, media: Media
    ) -> None:
        edition = media_first("Текст", *media.photos(COLOURS[:2]))
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            await channel.prepare(desk.address, edition)
            assert wall.shown() == []
            uploads = wall.uploads()
            receipt = await desk.publish(edition)
            assert wall.uploads() == uploads
        assert wall.shown() == expected(edition, receipt.external_ids)

    # The same keys, one post

    @pytest.mark.parametrize("shape", SHAPES)
    async def test_a_repeat_leaves_one_post(self, wall: Wall, media: Media, shape: str) -> None:
        edition = shapes(media)[shape]
        keys = new_keys(edition)
        for way in wall.duplicate_answers:
            wall.answer_duplicates(way)
            async with wall.connect() as channel:
                desk = await Desk.open(channel, wall)
                first = await desk.publish(edition, keys)
                again = await desk.publish(edition, keys)
            assert again == first
        assert len(wall.shown()) == edition.elements

    async def test_the_same_post_twice_at_once_is_one(self, wall: Wall) -> None:
        edition = post("Срочно")
        keys = new_keys(edition)
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            receipts = await asyncio.gather(*(desk.publish(edition, keys) for _ in range(5)))
        assert len(set(receipts)) == len(wall.shown()) == 1

    async def test_the_same_text_with_other_keys_is_another_post(self, wall: Wall) -> None:
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            assert await desk.publish(post("Прогноз")) != await desk.publish(post("Прогноз"))
        assert len(wall.shown()) == 2

    @pytest.mark.parametrize("trouble", UNKNOWN_OUTCOMES)
    @pytest.mark.parametrize("shape", ["text", "album of two"])
    async def test_an_unknown_outcome_is_settled_by_a_repeat(
        self, wall: Wall, media: Media, trouble: Trouble, shape: str
    ) -> None:
        edition = shapes(media)[shape]
        for way in wall.duplicate_answers:
            wall.answer_duplicates(way)
            keys = new_keys(edition)
            before = wall.shown()
            async with wall.connect(seconds=0.6) as channel:
                desk = await Desk.open(channel, wall)
                wall.make(trouble)
                with pytest.raises(Unconfirmed) as caught:
                    await desk.publish(edition, keys)
                assert caught.value.may_have_applied
                receipt = await desk.publish(edition, keys, before[-1].id if before else None)
            assert wall.shown() == before + expected(edition, receipt.external_ids)

    @pytest.mark.parametrize("trouble", [*UNKNOWN_OUTCOMES, Trouble.LIMIT])
    async def test_a_post_of_two_messages_cut_in_the_middle_is_completed(
        self, wall: Wall, media: Media, trouble: Trouble
    ) -> None:
        edition = media_first("Текст после картинок", *media.photos(COLOURS[:2]))
        for way in wall.duplicate_answers:
            wall.answer_duplicates(way)
            keys = new_keys(edition)
            before = wall.shown()
            async with wall.connect(seconds=0.6) as channel:
                desk = await Desk.open(channel, wall)
                wall.make(trouble, skip=1)
                with pytest.raises(ChannelError) as caught:
                    await desk.publish(edition, keys)
                assert caught.value.may_have_applied
                assert isinstance(caught.value, Limited if trouble is Trouble.LIMIT else Unconfirmed)
                receipt = await desk.publish(edition, keys, before[-1].id if before else None)
            assert wall.shown() == before + expected(edition, receipt.external_ids)

    async def test_half_a_post_does_not_stay_when_the_other_half_is_refused(
        self, wall: Wall, media: Media
    ) -> None:
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            wall.make(Trouble.REFUSE, skip=1)
            with pytest.raises(Refused) as caught:
                await desk.publish(media_first("Текст", media.photo()))
        assert not caught.value.may_have_applied
        assert wall.shown() == []

    # What the network may answer

    async def test_a_wait_is_passed_on(self, wall: Wall) -> None:
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            wall.make(Trouble.LIMIT)
            with pytest.raises(Limited) as caught:
                await desk.publish(post("Потом"))
            # The adapter keeps no memory of it: when to go on is for delivery to say.
            await desk.publish(post("Сразу"))
        wait = caught.value.retry_after
        assert timedelta(seconds=LIMIT_SECONDS) <= wait <= timedelta(seconds=LIMIT_SECONDS + 1)
        assert not caught.value.may_have_applied
        assert [shown.text.text for shown in wall.shown()] == ["Сразу"]

    async def test_a_wrong_secret_is_signed_out(self, wall: Wall) -> None:
        async with wall.connect(wrong_secret=True) as channel:
            with pytest.raises(SignedOut) as caught:
                await channel.check()
        assert caught.value.code in BY_CODE

    async def test_no_error_and_no_record_tells_a_secret(self, wall: Wall) -> None:
        credentials = wall.credentials()
        async with wall.connect() as channel:
            wall.set_signed_out(on=True)
            with pytest.raises(SignedOut) as caught:
                await channel.check()
            wall.set_signed_out(on=False)
            identity = await channel.check()
        told = f"{caught.value} {caught.value!r} {describe(caught.value)} {credentials} {identity}"
        secrets = [value for value in (*credentials.values.values(), identity.session) if len(value) > 8]
        assert secrets
        assert not [secret for secret in secrets if secret in told]

    async def test_a_revoked_account_is_signed_out_until_it_is_restored(self, wall: Wall) -> None:
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            wall.set_signed_out(on=True)
            for _ in range(2):
                with pytest.raises(SignedOut):
                    await desk.publish(post("Нет"))
            wall.set_signed_out(on=False)
            await desk.publish(post("Да"))
        assert [shown.text.text for shown in wall.shown()] == ["Да"]

    async def test_missing_rights_are_forbidden_and_said_in_words(self, wall: Wall) -> None:
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            assert (await channel.resolve(wall.handle)).missing_rights == ()
            receipt = await desk.publish(post("Раньше"))
            wall.take_rights()
            calls = [
                desk.publish(post("Нет")),
                desk.edit(receipt, post("Раньше"), post("Позже")),
                desk.delete(receipt),
            ]
            for call in calls:
                with pytest.raises(Forbidden) as caught:
                    await call
                assert caught.value.code in BY_CODE
            assert all((await channel.resolve(wall.handle)).missing_rights)
        assert [shown.text.text for shown in wall.shown()] == ["Раньше"]

    async def test_an_unknown_channel_is_gone(self, wall: Wall) -> None:
        async with wall.connect() as channel:
            with pytest.raises(Gone) as caught:
                await channel.resolve("no_such_channel")
        assert caught.value.code in BY_CODE

    async def test_a_text_over_the_limit_is_refused_and_not_cut(self, wall: Wall, media: Media) -> None:
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            for edition in (
                post("я" * (wall.platform.text_limit + 1)),
                post("я" * (wall.platform.caption_limit + 1), media.photo()),
            ):
                with pytest.raises(Refused) as caught:
                    await desk.publish(edition)
                assert caught.value.code in BY_CODE
            await desk.publish(post("я" * wall.platform.text_limit))
        assert [len(shown.text.text) for shown in wall.shown()] == [wall.platform.text_limit]

    async def test_a_missing_file_is_refused_before_anything_is_sent(self, wall: Wall, media: Media) -> None:
        lost = media.photo("white")
        media.path(lost.sha256).unlink()
        async with wall.connect() as channel:
            with pytest.raises(Refused) as caught:
                await (await Desk.open(channel, wall)).publish(media_first("Текст", media.photo(), lost))
        assert caught.value.code in BY_CODE
        assert wall.shown() == []

    # Changing what stands

    @pytest.mark.parametrize("shape", SHAPES)
    async def test_an_edit_changes_the_text(self, wall: Wall, media: Media, shape: str) -> None:
        old = shapes(media)[shape]
        *first, last = old.messages
        text = marked_text()
        changed = RichText(text=text.text + " Исправлено", entities=text.entities)
        new = Edition(messages=(*first, type(last)(text=changed, media=last.media)))
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            receipt = await desk.publish(old)
            edited = await desk.edit(receipt, old, new)
            again = await desk.edit(receipt, old, new)
        assert edited.external_ids == again.external_ids == receipt.external_ids
        assert edited.permalink == receipt.permalink
        assert wall.shown() == expected(new, receipt.external_ids)

    async def test_an_edit_takes_marks_and_a_caption_away(self, wall: Wall, media: Media) -> None:
        for old, new in (
            (post(marked_text()), post("Просто текст")),
            (post(marked_text(), media.photo()), post("", media.photo())),
        ):
            before = wall.shown()
            async with wall.connect() as channel:
                desk = await Desk.open(channel, wall)
                receipt = await desk.publish(old)
                await desk.edit(receipt, old, new)
            assert wall.shown() == before + expected(new, receipt.external_ids)

    async def test_an_edit_replaces_files_of_the_same_kind(self, wall: Wall, media: Media) -> None:
        old = post("Альбом", *media.photos(COLOURS[:3]))
        new = post("Другой альбом", *media.photos(("red", "black", "white")))
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            receipt = await desk.publish(old)
            await desk.edit(receipt, old, new)
        assert wall.shown() == expected(new, receipt.external_ids)

    async def test_an_edit_into_another_kind_of_post_is_refused(self, wall: Wall, media: Media) -> None:
        old = post("Текст")
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            receipt = await desk.publish(old)
            with pytest.raises(Refused) as caught:
                await desk.edit(receipt, old, post("Текст", media.photo()))
        assert caught.value.code in BY_CODE
        assert wall.shown() == expected(old, receipt.external_ids)

    @pytest.mark.parametrize("trouble", UNKNOWN_OUTCOMES)
    async def test_an_edit_of_unknown_outcome_may_be_repeated(self, wall: Wall, trouble: Trouble) -> None:
        old, new = post("Было"), post("Стало")
        async with wall.connect(seconds=0.6) as channel:
            desk = await Desk.open(channel, wall)
            receipt = await desk.publish(old)
            wall.make(trouble)
            with pytest.raises(Unconfirmed):
                await desk.edit(receipt, old, new)
            await desk.edit(receipt, old, new)
        assert wall.shown() == expected(new, receipt.external_ids)

    async def test_an_edit_of_a_deleted_post_finds_it_gone(self, wall: Wall) -> None:
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            receipt = await desk.publish(post("Было"))
            wall.delete_by_hand(receipt.external_ids[0])
            with pytest.raises(Gone) as caught:
                await desk.edit(receipt, post("Было"), post("Стало"))
        assert caught.value.code in BY_CODE

    @pytest.mark.parametrize("shape", SHAPES)
    async def test_a_delete_takes_every_element_and_may_be_repeated(
        self, wall: Wall, media: Media, shape: str
    ) -> None:
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            other = await desk.publish(post("Остаётся"))
            receipt = await desk.publish(shapes(media)[shape])
            await desk.delete(receipt)
            await desk.delete(receipt)
        assert [shown.id for shown in wall.shown()] == list(other.external_ids)

    @pytest.mark.parametrize("trouble", UNKNOWN_OUTCOMES)
    async def test_a_delete_of_unknown_outcome_may_be_repeated(self, wall: Wall, trouble: Trouble) -> None:
        async with wall.connect(seconds=0.6) as channel:
            desk = await Desk.open(channel, wall)
            receipt = await desk.publish(post("Уйдёт"))
            wall.make(trouble)
            with pytest.raises(Unconfirmed):
                await desk.delete(receipt)
            await desk.delete(receipt)
        assert wall.shown() == []

    async def test_a_delete_that_comes_too_late_is_refused(self, wall: Wall) -> None:
        if wall.platform.delete_within is None:
            return
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            receipt = await desk.publish(post("Старое"))
            wall.make_older(receipt.external_ids[0], wall.platform.delete_within + timedelta(hours=1))
            with pytest.raises(Refused) as caught:
                await desk.delete(receipt)
        assert caught.value.code in BY_CODE
        assert len(wall.shown()) == 1

    # Reading back

    @pytest.mark.parametrize("shape", SHAPES)
    async def test_a_post_is_found(self, wall: Wall, media: Media, shape: str) -> None:
        edition = shapes(media)[shape]
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            known = await desk.publish(post("Раньше"))
            await desk.publish(post("Чужое"))
            receipt = await desk.publish(edition)
            await desk.publish(post("Позже"))
            found = await desk.find(edition, known.external_ids[0])
        assert found == (Found.STANDS, receipt.external_ids)

    @pytest.mark.parametrize("shape", SHAPES)
    async def test_a_post_that_never_came_is_absent(self, wall: Wall, media: Media, shape: str) -> None:
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            known = await desk.publish(post("Раньше"))
            await desk.publish(post("Чужое", media.photo("black")))
            found = await desk.find(shapes(media)[shape], known.external_ids[0])
        assert found == (Found.ABSENT, ())

    async def test_a_post_from_before_is_not_taken_for_ours(self, wall: Wall) -> None:
        edition = post("Прогноз погоды")
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            known = await desk.publish(post("Раньше"))
            old = await desk.publish(edition)
            wall.make_older(old.external_ids[0], timedelta(hours=10))
            found = await desk.find(edition, known.external_ids[0], datetime.now(UTC) - timedelta(hours=1))
        assert found == (Found.ABSENT, ())

    async def test_half_a_post_is_neither_found_nor_absent(self, wall: Wall, media: Media) -> None:
        edition = media_first("Текст", media.photo())
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            known = await desk.publish(post("Раньше"))
            await desk.publish(Edition(messages=edition.messages[:1]))
            found = await desk.find(edition, known.external_ids[0])
        assert found == (Found.UNKNOWN, ())

    async def test_absence_is_not_claimed_without_a_place_to_start(self, wall: Wall) -> None:
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            assert await desk.find(post("Первое"), None, datetime.now(UTC)) == (Found.UNKNOWN, ())
            receipt = await desk.publish(post("Первое"))
            assert await desk.find(post("Первое"), None) == (Found.STANDS, receipt.external_ids)

    async def test_reading_tells_what_stands_and_how_it_does(self, wall: Wall, media: Media) -> None:
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            receipt = await desk.publish(post("Альбом", *media.photos(COLOURS[:3])))
            first, second, third = receipt.external_ids
            wall.edit_by_hand(first, "Правка")
            wall.delete_by_hand(second)
            readings = await channel.read(desk.address, (third, second, first, 10**6))
        assert [r.external_id for r in readings] == [third, second, first, 10**6]
        assert [r.exists for r in readings] == [True, False, True, False]
        assert [r.text for r in readings] == ["", "", "Правка", ""]
        assert readings[2].edited_at is not None
        assert readings[0].edited_at is None
        assert readings[2].views is not None
        assert readings[2].views >= 1
        assert readings[1].views is None

    async def test_the_audience_is_counted(self, wall: Wall) -> None:
        wall.set_readers(12_345)
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            assert await channel.audience(desk.address) == pytest.approx(12_345, rel=0.01)

    # The link

    async def test_many_posts_at_once_all_stand(self, wall: Wall) -> None:
        editions = [post(f"Новость {number}") for number in range(AT_ONCE)]
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            receipts = await asyncio.gather(*(desk.publish(edition) for edition in editions))
        ids = {
            edition.messages[0].text.text: r.external_ids[0]
            for edition, r in zip(editions, receipts, strict=True)
        }
        assert {shown.text.text: shown.id for shown in wall.shown()} == ids
        assert len(ids) == AT_ONCE

    @pytest.mark.parametrize("trouble", [Trouble.DROP_BEFORE, Trouble.DROP_AFTER])
    async def test_a_lost_link_ends_everything_under_way_and_the_next_call_is_served(
        self, wall: Wall, trouble: Trouble
    ) -> None:
        editions = [post(f"Новость {number}") for number in range(AT_ONCE)]
        keys = [new_keys(edition) for edition in editions]
        async with wall.connect(seconds=20) as channel:
            desk = await Desk.open(channel, wall)
            wall.make(trouble, skip=AT_ONCE // 3)
            started = time.monotonic()
            calls = [desk.publish(edition, key) for edition, key in zip(editions, keys, strict=True)]
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
            assert time.monotonic() - started < 5, "nothing waits for the time limit of its own"
            errors = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
            assert {type(error) for error in errors} <= {Unconfirmed, Unreachable}
            assert any(isinstance(error, Unconfirmed) for error in errors)
            for edition, key in zip(editions, keys, strict=True):
                await desk.publish(edition, key)
        texts = sorted(shown.text.text for shown in wall.shown())
        assert texts == sorted(edition.messages[0].text.text for edition in editions)

    async def test_a_network_out_of_reach_is_unreachable_until_it_is_back(self, wall: Wall) -> None:
        async with wall.connect() as channel:
            wall.set_offline(on=True)
            started = time.monotonic()
            outcomes = await asyncio.gather(
                *(channel.resolve(wall.handle) for _ in range(AT_ONCE)), return_exceptions=True
            )
            assert {type(outcome) for outcome in outcomes} == {Unreachable}
            assert time.monotonic() - started < 5, "callers share one attempt to connect"
            wall.set_offline(on=False)
            await (await Desk.open(channel, wall)).publish(post("Снова на связи"))
        assert len(wall.shown()) == 1

    async def test_a_link_that_drops_while_idle_is_opened_again(self, wall: Wall) -> None:
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            await desk.publish(post("До"))
            wall.restart()
            await asyncio.sleep(0.2)
            await desk.publish(post("После"))
        assert [shown.text.text for shown in wall.shown()] == ["До", "После"]

    async def test_a_session_is_kept_and_used_again(self, wall: Wall) -> None:
        before = wall.sign_ins()
        async with wall.connect() as channel:
            identity = await channel.check()
        assert identity.name
        assert wall.sign_ins() == before + 1
        async with wall.connect(session=identity.session) as channel:
            assert await channel.check() == identity
            await (await Desk.open(channel, wall)).publish(post("По сохранённому входу"))
        assert wall.sign_ins() == before + 1

    async def test_a_file_for_many_posts_is_uploaded_once(self, wall: Wall, media: Media) -> None:
        before = wall.uploads()
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            editions = [post(f"Новость {number}", media.photo()) for number in range(5)]
            await asyncio.gather(*(desk.publish(edition) for edition in editions))
        assert len(wall.shown()) == 5
        assert wall.uploads() == before + 1

    async def test_a_cancelled_call_stays_cancelled(self, wall: Wall) -> None:
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            wall.make(Trouble.HANG_BEFORE)
            call = asyncio.create_task(desk.publish(post("Отменено")))
            await asyncio.sleep(0.2)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            await desk.publish(post("Дальше"))
        assert [shown.text.text for shown in wall.shown()] == ["Дальше"]

    async def test_closing_ends_what_is_under_way(self, wall: Wall) -> None:
        async with wall.connect() as channel:
            desk = await Desk.open(channel, wall)
            wall.make(Trouble.HANG_AFTER)
            call = asyncio.create_task(desk.publish(post("На полпути")))
            await asyncio.sleep(0.2)
            await channel.close()
            with pytest.raises(Unconfirmed):
                await call
