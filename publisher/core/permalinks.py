"""From a post's link, as a person copied it, to the post's id on the network."""

import re
from collections.abc import Mapping
from typing import Any

from publisher.core.messages import N_
from publisher.core.platforms import Platform
from publisher.errors import RuleError


def read_permalink(
    text: str, platform: Platform, handle: str, address: Mapping[str, Any], field: str = "permalink"
) -> int:
    """The id that the link names. Raises RuleError unless it is a link to a post of this very channel.

    `handle` and `address` are the channel's: what the link says of its channel must be the same.
    """
    found = _matched(text.strip(), platform)
    if found is None:
        raise RuleError(
            field,
            N_("This is no link to a post on {network}. Copy it from the post's menu."),
            network=platform.title,
        )
    known = {**{key: str(value) for key, value in address.items()}, "handle": handle}
    for name, value in found.groupdict().items():
        if name != "id" and value.casefold() != known.get(name, "").casefold():
            raise RuleError(field, N_("This link leads to another channel."))
    number = int(found["id"])
    if not number:
        raise RuleError(field, N_("This is no link to a post on {network}."), network=platform.title)
    return number


def _matched(text: str, platform: Platform) -> re.Match[str] | None:
    return next((found for form in platform.permalink_forms if (found := form.fullmatch(text))), None)
