"""The public name of a channel, out of whatever people have at hand: the name, @name, a link."""

import re

from publisher.core.messages import N_
from publisher.core.platforms import Network
from publisher.errors import RuleError

NAMES = {Network.TELEGRAM: re.compile(r"[A-Za-z][A-Za-z0-9_]{3,31}\Z")}
# t.me/name, also with a post's number behind it, as the web preview (t.me/s/name), or as the app opens it.
LINK = re.compile(r"(?:https?://)?(?:www\.)?(?:t|telegram)\.(?:me|dog)/(?:s/)?([^/?#]*).*\Z", re.IGNORECASE)
APP_LINK = re.compile(r"tg://resolve\?domain=([^&#]*).*\Z", re.IGNORECASE)


def read_handle(network: Network, text: str) -> str:
    """The channel's name without @. Raises RuleError at the field `handle`."""
    text = text.strip()
    link = LINK.match(text) or APP_LINK.match(text)
    name = link[1] if link else text.removeprefix("@")
    if not name:
        raise RuleError("handle", N_("Write the channel's public name, or paste its link."))
    if link and (name.startswith("+") or name in {"c", "joinchat"}):
        raise RuleError(
            "handle",
            N_("This link leads to a private channel: give it a public name in its settings first."),
        )
    if not NAMES[network].match(name):
        raise RuleError("handle", N_("“{handle}” cannot be the name of a channel there."), handle=name)
    return name
