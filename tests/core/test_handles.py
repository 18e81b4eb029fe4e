"""A channel's name out of whatever people paste."""

import pytest

from publisher.core.handles import read_handle
from publisher.core.platforms import Network
from publisher.errors import RuleError


@pytest.mark.parametrize(
    "text",
    [
        "krd_news",
        "@krd_news",
        "  @krd_news \n",
        "t.me/krd_news",
        "http://t.me/krd_news",
        "https://t.me/krd_news/",
        "https://t.me/krd_news/1204?single",
        "https://t.me/s/krd_news",
        "https://telegram.me/krd_news",
        "HTTPS://T.ME/krd_news",
        "tg://resolve?domain=krd_news&post=12",
    ],
)
def test_the_name_is_read_out_of_what_is_pasted(text: str) -> None:
    assert read_handle(Network.TELEGRAM, text) == "krd_news"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "public name"),
        ("@", "public name"),
        ("t.me/", "public name"),
        ("t.me/+AbCdEfGh", "private"),
        ("https://t.me/joinchat/AbCdEfGh", "private"),
        ("https://t.me/c/1234567890/12", "private"),
        ("новости", "cannot be"),
        ("ab", "cannot be"),
        ("1krd", "cannot be"),
        ("krd news", "cannot be"),
        ("https://example.org/krd_news", "cannot be"),
        ("a" * 33, "cannot be"),
    ],
)
def test_what_is_no_name_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(RuleError, match=reason) as caught:
        read_handle(Network.TELEGRAM, text)
    assert caught.value.field == "handle"
