"""From a pasted link to a post's number, and only for the channel it belongs to."""

import pytest

from publisher.core.permalinks import read_permalink
from publisher.core.platforms import TELEGRAM
from publisher.errors import RuleError

ADDRESS = {"channel_id": 1234567890, "access_hash": -1}


@pytest.mark.parametrize(
    "link",
    [
        "https://t.me/krd_news/123",
        "  http://t.me/krd_news/123  ",
        "t.me/krd_news/123?single",
        "https://t.me/s/krd_news/123",
        "https://t.me/KRD_News/123/",
        "https://telegram.me/krd_news/123?comment=7#top",
        "https://krd_news.t.me/123",
        "https://t.me/c/1234567890/123",
        "https://t.me/c/1234567890/123?single",
        "tg://resolve?domain=krd_news&post=123&single",
        "tg://privatepost?channel=1234567890&post=123",
    ],
)
def test_every_form_of_a_link_gives_the_number(link: str) -> None:
    assert read_permalink(link, TELEGRAM, "krd_news", ADDRESS) == 123


@pytest.mark.parametrize(
    ("link", "message"),
    [
        ("", "no link to a post"),
        ("123", "no link to a post"),
        ("https://t.me/krd_news", "no link to a post"),
        ("https://t.me/krd_news/0", "no link to a post"),
        ("https://example.org/krd_news/123", "no link to a post"),
        ("https://t.me.example.org/krd_news/123", "no link to a post"),
        ("https://t.me/krd_news/123 и ещё", "no link to a post"),
        ("https://t.me/other_news/123", "another channel"),
        ("https://t.me/c/987/123", "another channel"),
    ],
)
def test_what_is_no_link_into_the_channel_is_refused_at_the_field(link: str, message: str) -> None:
    with pytest.raises(RuleError, match=message) as caught:
        read_permalink(link, TELEGRAM, "krd_news", ADDRESS)
    assert caught.value.field == "permalink"


def test_a_private_link_is_refused_when_the_channel_is_not_resolved_yet() -> None:
    with pytest.raises(RuleError, match="another channel"):
        read_permalink("https://t.me/c/1234567890/123", TELEGRAM, "krd_news", {})
