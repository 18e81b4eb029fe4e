"""Loading the demo city: all rows in one transaction, made by the same actions that people use."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from publisher.actions.accounts import add_account, add_channel
from publisher.actions.desks import add_desk
from publisher.actions.people import add_user
from publisher.channels.base import Channel as Adapter
from publisher.channels.base import Credentials
from publisher.channels.telegram.adapter import connect_telegram
from publisher.config import Settings
from publisher.core.permissions import COMMAND_LINE, Actor
from publisher.core.platforms import Network, Realm
from publisher.core.states import AccountState, ChannelState, CountSource
from publisher.demo.audience import history
from publisher.demo.city import ACCOUNTS, COLLEAGUES, PLACES, UNITS
from publisher.demo.earned import tell_earned
from publisher.demo.news import Newsroom, tell_news
from publisher.demo.walls import Bot, Older, Walls
from publisher.secrets import Vault
from publisher.store.audience import Count, add_counts
from publisher.store.audit import record_act
from publisher.store.channels import find_desk
from publisher.store.demo import has_demo, list_demo_posts
from publisher.store.media import MediaStore
from publisher.store.metrics import record_figures
from publisher.store.models import Account, Channel, Desk
from publisher.store.session import Store


def load_demo(
    store: Store, vault: Vault, media: MediaStore, settings: Settings, now: datetime, walls: Walls
) -> None:
    """Put the demo city into the database and onto the sandbox's walls; what is there already stays so.

    Nothing is written unless all is. Raises RuleError when the sandbox does not do its part.
    """
    with store.reading() as session:
        if has_demo(session):
            return
    zone = settings.office.zone
    today = now.astimezone(zone).date()
    bots = {name: walls.add_bot(name) for name in ACCOUNTS}
    walls.add_channels((place, place.opened_on(today).isoformat(), bots[place.account]) for place in PLACES)
    with store.begin() as session:
        draws = asyncio.run(_load(session, vault, media, settings, now, walls, bots))
        record_act(session, COMMAND_LINE, "demo.load", "demo", now)
    _age_posts(store, walls, draws, now)


async def _load(
    session: Session,
    vault: Vault,
    media: MediaStore,
    settings: Settings,
    now: datetime,
    walls: Walls,
    bots: Mapping[str, Bot],
) -> Mapping[int, float]:
    """All rows; how much each item draws."""
    desks = _add_desks(session, now)
    actors = _add_colleagues(session, desks, now)
    accounts = {name: _add_account(session, vault, bot, name, now) for name, bot in bots.items()}
    channels = _add_channels(session, accounts, desks, settings.office.zone, now)
    _add_history(session, channels, settings.office.zone, now)
    timeout = timedelta(seconds=settings.delivery.send_timeout_seconds)
    async with AsyncExitStack() as open_links:
        adapters: dict[int, Adapter] = {}
        for name, bot in bots.items():
            adapter = connect_telegram(
                Credentials(values=bot.credentials, session=bot.session), media.path,
                server=walls.telegram, server_key=walls.telegram_key, timeout=timeout,
            )  # fmt: skip
            open_links.push_async_callback(adapter.close)
            adapters[accounts[name].id] = adapter
        await _resolve(adapters, channels, now)
        session.flush()
        newsroom = Newsroom(
            session=session, actors=actors, desks=desks, channels=channels, adapters=adapters,
            media=media, settings=settings, now=now,
        )  # fmt: skip
        await tell_news(newsroom)
        return newsroom.draws


def _add_desks(session: Session, now: datetime) -> dict[str, Desk]:
    """A desk that the office has already is used and stays the office's."""
    return {
        unit.slug: find_desk(session, unit.slug)
        or add_desk(session, COMMAND_LINE, unit.slug, unit.title, now, demo=True)
        for unit in UNITS
    }


def _add_colleagues(session: Session, desks: Mapping[str, Desk], now: datetime) -> dict[str, Actor]:
    actors = {}
    for colleague in COLLEAGUES:
        chosen = [desks[slug] for slug in colleague.units]
        user = add_user(
            session, COMMAND_LINE, colleague.email, colleague.name, colleague.role, chosen, now, demo=True
        )
        actors[colleague.key] = Actor(
            user_id=user.id, name=user.name, role=user.role, desk_ids=frozenset(desk.id for desk in chosen)
        )
    return actors


def _add_account(session: Session, vault: Vault, bot: Bot, name: str, now: datetime) -> Account:
    account = add_account(
        session, COMMAND_LINE, vault, Network.TELEGRAM, name, bot.credentials, now,
        realm=Realm.SANDBOX, session_text=bot.session, demo=True,
    )  # fmt: skip
    account.state = AccountState.OK
    account.remote_name = name
    account.checked_at = now
    return account


def _add_channels(
    session: Session,
    accounts: Mapping[str, Account],
    desks: Mapping[str, Desk],
    zone: ZoneInfo,
    now: datetime,
) -> dict[str, Channel]:
    today = now.astimezone(zone).date()
    return {
        place.handle: add_channel(
            session, COMMAND_LINE, accounts[place.account], place.handle, now,
            title=place.title, desk=desks[place.unit], opened_on=place.opened_on(today), demo=True,
        )
        for place in PLACES
    }  # fmt: skip


def _add_history(session: Session, channels: Mapping[str, Channel], zone: ZoneInfo, now: datetime) -> None:
    for place in PLACES:
        channel_id = channels[place.handle].id
        counts = [
            Count(channel_id=channel_id, taken_at=taken_at, value=value, source=CountSource.DEMO)
            for taken_at, value in history(place, zone, now)
        ]
        add_counts(session, counts, zone)


async def _resolve(adapters: Mapping[int, Adapter], channels: Mapping[str, Channel], now: datetime) -> None:
    """What the worker would find out at its start is known at once, so that the news can be sent."""

    async def one(channel: Channel) -> None:
        found = await adapters[channel.account_id].resolve(channel.handle)
        channel.address = dict(found.address)
        channel.state = ChannelState.OK
        channel.checked_at = now

    await asyncio.gather(*(one(channel) for channel in channels.values()))


def _age_posts(store: Store, walls: Walls, draws: Mapping[int, float], now: datetime) -> None:
    """The posts were put up just now; on the walls they get the dates that the news gave them.

    What they had earned at each age since is told as if it had been measured.
    """
    with store.reading() as session:
        posts = list_demo_posts(session)
    walls.make_older(
        Older(handle=post.handle, post=number, by=now - post.published_at, draw=draws.get(post.item_id, 1.0))
        for post in posts
        for number in post.external_ids
    )
    with store.begin() as session:
        record_figures(session, list(tell_earned(posts, walls.shown(), now)))
