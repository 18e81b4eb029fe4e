"""What one version changed in another, in the words of a person who compares them."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext

from publisher.core.body import parse, to_plain
from publisher.core.changes import Stretch, compare_texts
from publisher.store.models import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Headline and text word by word; `notes` tell what else differs, `only_looks` that just the marks do."""

    title: Sequence[Stretch]
    body: Sequence[Stretch]
    notes: Sequence[str]
    title_changed: bool
    body_changed: bool
    only_looks: bool


def compare_versions(old: Version, new: Version) -> Comparison:
    """What `new` changed in `old`."""
    before, after = to_plain(parse(old.body)), to_plain(parse(new.body))
    return Comparison(
        title=compare_texts(old.title, new.title),
        body=compare_texts(before, after),
        notes=_notes(old, new),
        title_changed=old.title != new.title,
        body_changed=before != after,
        only_looks=before == after and old.body != new.body,
    )


def _notes(old: Version, new: Version) -> list[str]:
    files = [[place.media_id for place in version.media] for version in (old, new)]
    captions = [[(p.alt, p.credit) for p in version.media] for version in (old, new)]
    overrides = [{o.channel_id: o.body for o in version.overrides} for version in (old, new)]
    told = (
        (files[0] != files[1], gettext("The files are other ones, or in another order.")),
        (files[0] == files[1] and captions[0] != captions[1], gettext("The captions of files changed.")),
        (old.tags != new.tags, gettext("The tags changed.")),
        (old.source != new.source, gettext("The source changed.")),
        (old.layout != new.layout, gettext("How text and pictures share the post changed.")),
        (overrides[0] != overrides[1], gettext("Own texts for single channels changed.")),
        (old.link_preview != new.link_preview, gettext("The link preview was switched.")),
        (old.silent != new.silent, gettext("The sound of the notification was switched.")),
    )
    return [str(text) for changed, text in told if changed]
