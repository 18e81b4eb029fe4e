"""Whether a post still shows what we sent: the comparison behind reconcile."""

from collections.abc import Sequence
from datetime import timedelta

from publisher.core.editions import Edition
from publisher.core.states import PostState

# When a post is read back after it was sent or changed, counted from then.
CHECK_AFTER = (timedelta(minutes=5), timedelta(hours=1), timedelta(hours=24))


def expected_texts(edition: Edition) -> tuple[str, ...]:
    """The text of each element as the network should show it; only a message's first element has one."""
    texts: list[str] = []
    for message in edition.messages:
        texts.append(message.text.text)
        texts += [""] * (message.elements - 1)
    return tuple(texts)


def compare_post(edition: Edition, shown: Sequence[str | None]) -> PostState:
    """LIVE, ALTERED or MISSING; `shown` holds each element's text, None for one that is gone.

    Networks trim white space at the ends, so the comparison does too.
    """
    if all(text is None for text in shown):
        return PostState.MISSING
    expected = expected_texts(edition)
    same = len(shown) == len(expected) and all(
        text is not None and text.strip() == wanted.strip()
        for text, wanted in zip(shown, expected, strict=True)
    )
    return PostState.LIVE if same else PostState.ALTERED


def next_check(checks: int) -> timedelta | None:
    """The age at which a post checked `checks` times is read again; None when that was enough."""
    return CHECK_AFTER[checks] if checks < len(CHECK_AFTER) else None
