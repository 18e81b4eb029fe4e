"""Telling the demo city's news: each item is written, sent, corrected and withdrawn at its own moment."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from publisher.actions.correct import correct_item
from publisher.actions.kill import kill_item, spike_item
from publisher.actions.media import add_media, take_file
from publisher.actions.publish import publish_item
from publisher.actions.review import approve_item, submit_item
from publisher.actions.save import ChosenMedia, ItemForm, create_item, save_item
from publisher.channels.base import Channel as Adapter
from publisher.config import Settings
from publisher.core.editions import Layout
from publisher.core.frontmatter import Story, parse_story
from publisher.core.messages import N_
from publisher.core.permissions import Actor
from publisher.core.receipts import Progress, after_error, outcome_word
from publisher.core.states import OperationState
from publisher.delivery.sending import send
from publisher.demo.week import WEEK, Fate, News
from publisher.demo.year import YEAR
from publisher.errors import Refused, RuleError
from publisher.store.claims import Claimed, Lane, claim, list_open_channels
from publisher.store.items import find_item_by_slug
from publisher.store.media import MediaStore, find_media
from publisher.store.models import Channel, Desk, Item
from publisher.store.results import Result, record

FOLDER = Path(__file__).resolve().parent
WORKER = "demo"
LATER = timedelta(hours=2)
REFUSAL = Refused("PHOTO_INVALID_DIMENSIONS")
ALTERNATIVES = {
    "itogi-2024.png": "Столбцы: 26 872 обращения через «Инцидент-менеджмент», 24 390 через чат-бот, "
    "20 673 через платформу обратной связи, одно без источника.",
    "park.jpg": "Рисунок: вечерний парк, дорожка между холмами.",
}


@dataclass(slots=True, kw_only=True)
class Newsroom:
    """What telling the news needs. `desks` and `channels` go by slug and handle, adapters by account.

    `draws` says of each item told how many times as many readers as usual it has.
    """

    session: Session
    actors: Mapping[str, Actor]
    desks: Mapping[str, Desk]
    channels: Mapping[str, Channel]
    adapters: Mapping[int, Adapter]
    media: MediaStore
    settings: Settings
    now: datetime
    lanes: dict[int, Lane] = field(default_factory=dict)
    draws: dict[int, float] = field(default_factory=dict)


async def tell_news(newsroom: Newsroom) -> None:
    """Tell every item of the year and of its last week. Raises RuleError when a wall does not take a post."""
    found = list_open_channels(newsroom.session, newsroom.adapters)
    newsroom.lanes = {lane.channel_id: lane for lane in found}
    for news in (*YEAR, *WEEK):
        await _tell(newsroom, news)


async def _tell(newsroom: Newsroom, news: News) -> None:
    session, chief = newsroom.session, newsroom.actors["chief"]
    at = _moment(newsroom, news)
    is_planned = news.fate is Fate.SCHEDULED
    written_at = newsroom.now - LATER if is_planned else at - LATER / 4
    item = _write(newsroom, news, written_at)
    newsroom.draws[item.id] = news.draw
    match news.fate:
        case Fate.DRAFT:
            return
        case Fate.IN_REVIEW:
            submit_item(session, newsroom.actors[news.author], item.id, at)
        case Fate.APPROVED:
            approve_item(session, chief, item.id, item.head, at)
        case Fate.SPIKED:
            spike_item(session, newsroom.actors[news.author], item.id, at)
        case Fate.SCHEDULED:
            publish_item(session, chief, item.id, newsroom.settings.delivery, newsroom.now, due=at)
        case _:
            publish_item(session, chief, item.id, newsroom.settings.delivery, at)
            await _send_out(newsroom, news, item, at)


async def _send_out(newsroom: Newsroom, news: News, item: Item, at: datetime) -> None:
    delivery, chief = newsroom.settings.delivery, newsroom.actors["chief"]
    if news.fate is Fate.HELD:
        # Nobody was there to send it until its time had passed.
        at += timedelta(minutes=delivery.stale_minutes + 1)
    refused = newsroom.channels[news.places[-1]].id if news.fate is Fate.FAILED else None
    await _deliver(newsroom, at, refused)
    if news.fate is Fate.CORRECTED:
        form = _form(newsroom, news, _read_story(news.later), item)
        save_item(newsroom.session, newsroom.actors[news.author], item.id, form, at + LATER)
        correct_item(newsroom.session, chief, item.id, delivery, at + LATER)
        await _deliver(newsroom, at + LATER)
    if news.fate is Fate.KILLED:
        kill_item(newsroom.session, chief, item.id, news.later, delivery, at + LATER)
        await _deliver(newsroom, at + LATER)


def _moment(newsroom: Newsroom, news: News) -> datetime:
    zone = newsroom.settings.office.zone
    day = newsroom.now.astimezone(zone).date() + timedelta(days=news.day)
    return datetime.combine(day, time.fromisoformat(news.at), zone).astimezone(UTC)


def _write(newsroom: Newsroom, news: News, at: datetime) -> Item:
    form = _form(newsroom, news, _read_story(news.story))
    item = create_item(newsroom.session, newsroom.actors[news.author], form, at)
    item.demo = True
    newsroom.session.flush()
    return item


def _read_story(name: str) -> Story:
    return parse_story((FOLDER / "stories" / f"{name}.md").read_text("utf-8"))


def _form(newsroom: Newsroom, news: News, story: Story, item: Item | None = None) -> ItemForm:
    """The story as the composer would post it; for a correction, over the item's newest version."""
    return ItemForm(
        title=story.title,
        body=story.body,
        desk_id=newsroom.desks[story.desk].id,
        channel_ids=tuple(newsroom.channels[handle].id for handle in news.places),
        media=tuple(_take_in(newsroom, name) for name in news.pictures),
        tags=story.tags,
        source=story.source,
        slug="" if item or find_item_by_slug(newsroom.session, story.slug) else story.slug,
        layout=story.layout or Layout.CAPTION,
        base=item.head if item else 0,
    )


def _take_in(newsroom: Newsroom, name: str) -> ChosenMedia:
    with (FOLDER / "pictures" / name).open("rb") as stream:
        file = take_file(newsroom.media, stream, name, newsroom.settings.media)
    known = find_media(newsroom.session, file.sha256)
    was_demo = known is None or known.demo
    media = add_media(newsroom.session, newsroom.actors["chief"], file, newsroom.now)
    media.demo = was_demo
    newsroom.session.flush()
    return ChosenMedia(media_id=media.id, alt=ALTERNATIVES[name])


async def _deliver(newsroom: Newsroom, at: datetime, refused: int | None = None) -> None:
    """What is due goes to the walls and is recorded as of that moment, as a worker would have done it.

    The channel `refused` gets the network's refusal instead.
    """
    session = newsroom.session
    # Claims and receipts are written past the objects in memory: nothing may wait in those.
    session.flush()
    while True:
        turn = claim(session, WORKER, list(newsroom.lanes), lambda _channel, _cost, _priority: True, at)
        if not turn.claimed:
            break
        record(session, WORKER, await _send_all(newsroom, turn.claimed, at, refused), at)
    session.expire_all()


async def _send_all(
    newsroom: Newsroom, operations: Sequence[Claimed], at: datetime, refused: int | None
) -> list[Result]:
    async def one(operation: Claimed) -> Result:
        if operation.channel_id == refused:
            return _refused(operation, at)
        lane = newsroom.lanes[operation.channel_id]
        return await send(operation, lane, newsroom.adapters[lane.account_id], None, lambda: at)

    results = await asyncio.gather(*(one(operation) for operation in operations))
    for result in results:
        if result.transition.state is not OperationState.SENT and result.operation.channel_id != refused:
            message = N_("The sandbox did not take a demo post: {code}.")
            raise RuleError("", message, code=result.code or result.outcome)
    return list(results)


def _refused(operation: Claimed, at: datetime) -> Result:
    """An answer as the network would give it, through the rules that real answers go through."""
    progress = Progress(
        kind=operation.kind, attempts=operation.attempts, first_sent_at=at, latest=operation.latest,
        key_window=timedelta(0),
    )  # fmt: skip
    return Result(
        operation=operation, transition=after_error(REFUSAL, progress, at), started_at=at, finished_at=at,
        outcome=outcome_word(REFUSAL), code=REFUSAL.code,
    )  # fmt: skip
