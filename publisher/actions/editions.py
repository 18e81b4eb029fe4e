"""A version's editions, channel by channel: what preview shows and publishing writes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from publisher.core.editions import Edition, Finding, MediaRef, Problem, inspect_edition
from publisher.core.messages import N_
from publisher.core.platforms import PLATFORMS
from publisher.errors import RuleError
from publisher.rendering import Content, render_edition
from publisher.store.models import Channel, Media, Version


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelEdition:
    """An edition with what keeps it from standing in its channel; `findings` empty when it may go."""

    channel: Channel
    edition: Edition
    findings: tuple[Finding, ...]


def content_of(version: Version) -> Content:
    """What the version says."""
    return Content(
        title=version.title,
        body=version.body,
        tags=tuple(version.tags),
        source=version.source,
        media=tuple(media_ref(place.media) for place in version.media),
        layout=version.layout,
        link_preview=version.link_preview,
        silent=version.silent,
    )


def media_ref(media: Media) -> MediaRef:
    """What a network needs to know of a stored file."""
    return MediaRef(
        sha256=media.sha256, kind=media.kind, mime=media.mime, name=media.name, size=media.size,
        width=media.width, height=media.height,
    )  # fmt: skip


def build_editions(
    content: Content, channels: Iterable[Channel], overrides: Mapping[int, str]
) -> list[ChannelEdition]:
    """An edition for each channel. Channels that show the same share one rendering."""
    rendered: dict[tuple[object, ...], Edition] = {}
    result = []
    for channel in channels:
        override = overrides.get(channel.id)
        key = (channel.network, override)
        if key not in rendered:
            rendered[key] = render_edition(content, channel.network, override)
        findings = inspect_edition(rendered[key], PLATFORMS[channel.network])
        result.append(ChannelEdition(channel=channel, edition=rendered[key], findings=findings))
    return result


def editions_of(version: Version, channels: Iterable[Channel]) -> list[ChannelEdition]:
    """The saved version's editions."""
    overrides = {override.channel_id: override.body for override in version.overrides}
    return build_editions(content_of(version), channels, overrides)


def check_editions(editions: Iterable[ChannelEdition]) -> None:
    """Raise RuleError at the input that must be mended for the first edition that may not stand."""
    for edition in editions:
        for finding in edition.findings:
            field, message = WORDS[finding.problem]
            raise RuleError(
                field, message, channel=edition.channel.title, length=finding.length, limit=finding.limit
            )


WORDS = {
    Problem.EMPTY: ("body", N_("Write the text: “{channel}” would get an empty post.")),
    Problem.TEXT_TOO_LONG: (
        "body",
        N_("“{channel}” takes {limit} characters; the text with its headline has {length}. Shorten it."),
    ),
    Problem.CAPTION_TOO_LONG: (
        "layout",
        N_(
            "Under a picture “{channel}” takes {limit} characters; the text has {length}. "
            "Shorten it, or send the picture first and the text after it."
        ),
    ),
    Problem.TOO_MANY_MEDIA: ("media", N_("“{channel}” takes {limit} files in a post; there are {length}.")),
    Problem.MIXED_MEDIA: ("media", N_("“{channel}” does not mix pictures and documents in one post.")),
}
