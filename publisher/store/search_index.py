"""Keeping the search index: what is written goes into it in the same transaction; what was there before, in
pieces."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session, selectinload

from publisher.core.body import skim
from publisher.core.words import stems_of
from publisher.store.models import SearchEntry, SearchProgress, Version, VersionMedia

# Grows with every change to core/words.py or to what of a version is put in: workers then do it all anew.
SCHEME = 1
# A version longer than this is found by its first words; PostgreSQL counts no place beyond 16,383.
MOST_WORDS = 16_000
# What the writer's lock is held for at a time: a tenth of a second or less.
PIECE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """How far the index is: whole per cent, and whether all is in."""

    percent: int
    is_complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """All that a version says, as people read it. Searching looks into it, results quote it."""

    title: str
    body: tuple[str, ...]
    media: tuple[str, ...]


def texts_of(version: Version) -> Texts:
    """Headline; text, tags, source and own texts of channels; of each file what is said about it."""
    rest = (" ".join(f"#{tag}" for tag in version.tags), version.source)
    own = (skim(override.body) for override in version.overrides)
    return Texts(
        title=version.title,
        body=tuple(text for text in (skim(version.body), *rest, *own) if text),
        media=tuple(caption_of(place) for place in version.media),
    )


def caption_of(place: VersionMedia) -> str:
    """What is said about a file: alternative text, credit, its own name."""
    return " · ".join(text for text in (place.alt, place.credit, place.media.name) if text)


def index_version(session: Session, version: Version) -> None:
    """Make a version that was just written findable. It never changes, so this is done once."""
    _put_in(session, [_entry_of(version)])


def begin_filled(session: Session) -> None:
    """A database in which nothing was written yet: everything that comes goes into the index at once."""
    session.add(SearchProgress(id=1, scheme=SCHEME, top=0, below=0))


def read_filling(session: Session) -> Filling:
    """How far the index is."""
    progress = session.get(SearchProgress, 1)
    if progress is None or progress.scheme != SCHEME:
        return Filling(percent=0, is_complete=False)
    done = progress.top - progress.below
    return Filling(percent=100 * done // max(progress.top, 1), is_complete=progress.below == 0)


def begin_anew(session: Session) -> None:
    """Let everything be put in once more; until then what is in stays findable."""
    top = (session.scalar(select(func.max(Version.id))) or 0) + 1
    session.merge(SearchProgress(id=1, scheme=SCHEME, top=top, below=top))
    session.flush()


def fill_piece(session: Session, size: int = PIECE) -> Filling:
    """Put in the next versions, the newest first.

    An entry that was made by another scheme gives way to a new one.
    """
    progress = session.get(SearchProgress, 1, with_for_update=True)
    if progress is None or progress.scheme != SCHEME:
        begin_anew(session)
        progress = session.get_one(SearchProgress, 1)
    if progress.below == 0:
        return read_filling(session)
    versions = _list_versions(session, progress.below, size)
    _put_in(session, [_entry_of(version) for version in versions])
    progress.below = versions[-1].id if len(versions) == size else 0
    # A piece is big; whoever goes on with this session does not need it.
    session.flush()
    for version in versions:
        session.expunge(version)
    return read_filling(session)


def _list_versions(session: Session, below: int, size: int) -> Sequence[Version]:
    return session.scalars(
        select(Version)
        .where(Version.id < below)
        .order_by(Version.id.desc())
        .limit(size)
        .options(
            selectinload(Version.media).selectinload(VersionMedia.media), selectinload(Version.overrides)
        )
    ).all()


def _put_in(session: Session, entries: Sequence[dict[str, int | str]]) -> None:
    if not entries:
        return
    ids = [entry["id"] for entry in entries]
    session.execute(delete(SearchEntry).where(SearchEntry.id.in_(ids)))
    session.execute(insert(SearchEntry), entries)


def _entry_of(version: Version) -> dict[str, int | str]:
    texts = texts_of(version)
    return {
        "id": version.id, "title": _stems((texts.title,)), "body": _stems(texts.body),
        "media": _stems(texts.media),
    }  # fmt: skip


def _stems(texts: Iterable[str]) -> str:
    stems = (stem for text in texts for stem in stems_of(text))
    return " ".join(islice(stems, MOST_WORDS))
