"""What hypothesis makes for us: texts as newsrooms paste them, bodies, soups of HTML."""

from hypothesis import strategies as st

from publisher.core.body import LISTS, Block, BlockKind, Body, Run, parse, to_html
from publisher.core.light import TOKENS

FRAGMENTS = [
    "<p>", "</p>", "<b>", "</b>", "<strong>", "<i>", "</i>", "<em>", "</em>", "<a href='https://krd.ru/x'>",
    "</a>", "<a href='javascript:alert(1)'>", "<ul>", "</ul>", "<ol>", "</ol>", "<li>", "</li>",
    "<blockquote>", "<blockquote expandable>", "</blockquote>", "<br>", "<br/>", " ", "\n", "\u00a0", "текст",
    "a & b", "<", "&lt;", "👍", "<tg-emoji emoji-id='12'>👍</tg-emoji>", "<div>", "</div>",
    "<script>alert(1)</script>", "<h1>", "</h1>", "<code>", "</code>", "<u>", "</u>", "<tg-spoiler>",
    "</tg-spoiler>", "<span style='x'>", "</span>", "onclick=1", "]]>", "<!--x-->", "<li", "<td>",
]  # fmt: skip
MARKUP = "ab *_/~|`[]()\\:>-.1\u00a0👍й"

soups = st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join)
light_texts = st.text(st.sampled_from(MARKUP + "\n"))

_words = st.text(st.sampled_from(MARKUP), max_size=12) | st.sampled_from(
    ["https://krd.ru/a__b//c", "1. x", "- y", "> z", ">> q", "10. "]
)
_marks = st.frozensets(st.sampled_from(list(TOKENS.values())), max_size=3)
_links = st.none() | st.sampled_from(["https://a.ru/x_(y)", "https://krd.ru//z__q", "mailto:a@b.ru"])
_emoji = st.sampled_from([None, None, None, "12"])
_runs = st.builds(
    lambda text, marks, link, emoji: Run(
        text=text, marks=marks, link=None if emoji else link, emoji_id=emoji
    ),
    _words,
    _marks,
    _links,
    _emoji,
)
_lines = st.lists(_runs | st.just(Run(text="\n")), max_size=6).map(tuple)


def _block(kind: BlockKind, lines: list[tuple[Run, ...]]) -> Block:
    return Block(kind=kind, lines=tuple(lines if kind in LISTS else lines[:1]))


def _canonical(blocks: list[Block]) -> Body:
    return parse(to_html(tuple(blocks)))


_blocks = st.builds(_block, st.sampled_from(list(BlockKind)), st.lists(_lines, min_size=1, max_size=3))
bodies = st.lists(_blocks, max_size=4).map(_canonical)
