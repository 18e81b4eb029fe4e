"""From a version to what a channel shows. Preview and publishing call the same function."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from publisher.core.body import canonical, parse, to_rich_text
from publisher.core.editions import Edition, Layout, MediaRef, Message, compose_edition
from publisher.core.platforms import Network
from publisher.core.richtext import RichText

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a version says, apart from where it goes. `body` is canonical HTML."""

    title: str
    body: str
    tags: Sequence[str] = ()
    source: str = ""
    media: tuple[MediaRef, ...] = ()
    layout: Layout = Layout.CAPTION
    link_preview: bool = True
    silent: bool = False


def render_edition(content: Content, network: Network, override: str | None = None) -> Edition:
    """The finished edition: the network's template over the content, or the editor's own text."""
    html = override if override is not None else render_post(content, network)
    return compose_edition(
        to_rich_text(parse(html)),
        content.media,
        content.layout,
        link_preview=content.link_preview,
        silent=content.silent,
    )


def render_post(content: Content, network: Network) -> str:
    """The post's text as canonical HTML, from templates/posts/<network>.html."""
    template = _posts().get_template(f"{network}.html")
    # The body is canonical HTML, and what comes out is made canonical once more.
    body = Markup(content.body)  # noqa: S704
    return canonical(
        template.render(title=content.title, body=body, tags=content.tags, source=content.source)
    )


def render_notice(standing: Edition, network: Network, reason: str) -> Edition:
    """The withdrawal notice in the shape of what stands: its text replaces the last message's text."""
    html = canonical(_posts().get_template(f"{network}-notice.html").render(reason=reason))
    notice = to_rich_text(parse(html))
    first = tuple(Message(text=RichText(text=""), media=m.media) for m in standing.messages[:-1])
    last = Message(text=notice, media=standing.messages[-1].media)
    return Edition(messages=(*first, last), link_preview=False, silent=standing.silent)


def render_letter(name: str, **values: object) -> str:
    """A part of a letter from templates/mail: what ends in .html is escaped, what ends in .txt is not."""
    return _mail().get_template(name).render(**values)


@cache
def _mail() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES / "mail"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _posts() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES / "posts"), autoescape=True, undefined=StrictUndefined
    )
