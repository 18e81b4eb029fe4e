"""Where a channel can be seen as its readers see it."""

from urllib.parse import urlsplit

from publisher.core.platforms import PLATFORMS, Realm
from publisher.store.models import Channel
from publisher.web.context import settings


def channel_link(channel: Channel) -> str:
    """The channel's page on its network, or in the sandbox for a training channel."""
    if channel.account.realm is Realm.SANDBOX:
        host = urlsplit(settings().public_url).hostname
        return f"http://{host}:{settings().sandbox.port}/channels/{channel.handle}"
    return PLATFORMS[channel.network].page.format(handle=channel.handle)
