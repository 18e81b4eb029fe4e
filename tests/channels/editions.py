"""Editions of every shape, and the files in them."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from PIL import Image

from publisher.core.editions import Edition, MediaKind, MediaRef, Message
from publisher.core.richtext import Entity, Mark, RichText, length_utf16

# Characters outside the basic plane come first: a mark counted in characters would be two units off.
MARKED: tuple[tuple[str, Mark | None, str | None], ...] = (
    ("🏛🎉 ", None, None),
    ("жирно", Mark.BOLD, None),
    (", ", None, None),
    ("косо", Mark.ITALIC, None),
    (", ", None, None),
    ("под чертой", Mark.UNDERLINE, None),
    (", ", None, None),
    ("зачёркнуто", Mark.STRIKE, None),
    (", ", None, None),
    ("скрыто", Mark.SPOILER, None),
    (", ", None, None),
    ("код", Mark.CODE, None),
    (", ", None, None),
    ("ссылка", Mark.LINK, "https://example.org/новость?a=1&b=2"),
    (" ", None, None),
    ("👍", Mark.EMOJI, "5368324170671202286"),
    ("\n\n", None, None),
    ("Цитата в две\nстроки", Mark.QUOTE, None),
    ("\n\n", None, None),
    ("Длинная цитата", Mark.EXPANDABLE_QUOTE, None),
)


def marked_text() -> RichText:
    """A text with each mark once."""
    text, entities = "", []
    for piece, mark, target in MARKED:
        if mark is not None:
            offset = length_utf16(text)
            entities.append(Entity(mark=mark, offset=offset, length=length_utf16(piece), target=target))
        text += piece
    return RichText(text=text, entities=tuple(entities))


class Media:
    """A media folder: files by their SHA-256."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, digest: str) -> Path:
        """Where a file lies; it need not be there."""
        return self._folder / digest

    def photo(self, colour: str = "navy") -> MediaRef:
        """A picture of one colour."""
        draft = self._folder / "draft.png"
        Image.new("RGB", (160, 90), colour).save(draft)
        return self._keep(draft.read_bytes(), MediaKind.PHOTO, "image/png", f"{colour}.png")

    def photos(self, colours: Sequence[str]) -> tuple[MediaRef, ...]:
        """Several of them."""
        return tuple(self.photo(colour) for colour in colours)

    def document(self, name: str = "постановление.pdf", content: bytes = b"%PDF-1.4 ...") -> MediaRef:
        """A file that is no picture."""
        return self._keep(content + name.encode(), MediaKind.DOCUMENT, "application/pdf", name)

    def _keep(self, content: bytes, kind: MediaKind, mime: str, name: str) -> MediaRef:
        digest = sha256(content).hexdigest()
        self.path(digest).write_bytes(content)
        return MediaRef(sha256=digest, kind=kind, mime=mime, name=name, size=len(content))


def post(text: str | RichText = "", *media: MediaRef, silent: bool = False) -> Edition:
    """An edition of one message."""
    return Edition(messages=(message(text, *media),), silent=silent)


def media_first(text: str | RichText, *media: MediaRef) -> Edition:
    """An edition of two messages."""
    return Edition(messages=(message("", *media), message(text)))


def message(text: str | RichText, *media: MediaRef) -> Message:
    """A message."""
    return Message(text=RichText(text=text) if isinstance(text, str) else text, media=media)
