"""The capability table: what each network can do. Screens and rules read it and never ask which it is.

Facts: the networks' documentation as gathered for the office (docs/administrator/networks.md), November 2026.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Network(StrEnum):
    """A network we have an adapter for."""

    TELEGRAM = "telegram"


class Realm(StrEnum):
    """Real networks or the sandbox; a property of each account."""

    REAL = "real"
    SANDBOX = "sandbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """One network's row of the table. Lengths are in UTF-16 code units."""

    network: Network
    title: str
    text_limit: int
    caption_limit: int
    images: int
    documents: int
    mixes_images_and_documents: bool
    # How long a repeated send with the same key is surely recognised; zero where there is no key.
    key_window: timedelta
    can_edit: bool
    can_change_media_class: bool
    # A post older than this can only be edited into a notice; None where there is no age limit.
    delete_within: timedelta | None
    permalink: str
    page: str
    # How people's links to a post look: `id` is the post's; all else they name must be the channel's own.
    permalink_forms: tuple[re.Pattern[str], ...]


_T_ME = r"(?:https?://)?(?:www\.)?(?:t|telegram)\.(?:me|dog)"
_REST = r"/?(?:\?[^\s#]*)?(?:#\S*)?"

TELEGRAM = Platform(
    network=Network.TELEGRAM,
    title="Telegram",
    text_limit=4096,
    caption_limit=1024,
    images=10,
    documents=10,
    mixes_images_and_documents=False,
    key_window=timedelta(hours=1),
    can_edit=True,
    can_change_media_class=False,
    delete_within=timedelta(hours=48),
    permalink="https://t.me/{handle}/{id}",
    page="https://t.me/{handle}",
    permalink_forms=(
        re.compile(rf"{_T_ME}/c/(?P<channel_id>\d{{1,19}})/(?P<id>\d{{1,10}}){_REST}", re.IGNORECASE),
        re.compile(rf"{_T_ME}/(?:s/)?(?P<handle>[a-z]\w{{3,31}})/(?P<id>\d{{1,10}}){_REST}", re.IGNORECASE),
        re.compile(
            rf"(?:https?://)?(?P<handle>[a-z]\w{{3,31}})\.t\.me/(?P<id>\d{{1,10}}){_REST}", re.IGNORECASE
        ),
        re.compile(
            r"tg://resolve/?\?domain=(?P<handle>[a-z]\w{3,31})&post=(?P<id>\d{1,10})(?:&\S*)?", re.IGNORECASE
        ),
        re.compile(
            r"tg://privatepost/?\?channel=(?P<channel_id>\d{1,19})&post=(?P<id>\d{1,10})(?:&\S*)?",
            re.IGNORECASE,
        ),
    ),
)

PLATFORMS = {platform.network: platform for platform in (TELEGRAM,)}
