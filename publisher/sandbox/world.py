"""What the stand-in networks know: bots, channels, posts, files. Kept in memory and in SQLite.

Everything here is called on the one event loop. What is answered is kept: `kept` or `flush` comes
before the answer.
"""

import asyncio
import hashlib
import json
import random
import sqlite3
import struct
import time
from dataclasses import asdict, dataclass, field, fields
from hashlib import sha1
from pathlib import Path
from typing import Any

import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from telethon.crypto import AuthKey
from telethon.crypto.rsa import _compute_fingerprint
from telethon.sessions import StringSession

RSA_BITS = 2048
FIRST_CHANNEL = 1_500_000_001
# The mail server forgets what is older than its last so many letters.
MOST_LETTERS = 200


@dataclass(slots=True)
class Bot:
    """An account with a token."""

    id: int
    name: str
    token: str
    api_id: int
    api_hash: str
    revoked: bool = False


@dataclass(slots=True)
class Media:
    """A stored file of a post."""

    id: int
    kind: str
    mime: str
    name: str
    size: int
    sha256: str
    width: int = 0
    height: int = 0


@dataclass(slots=True)
class Post:
    """One message of a channel. `media` holds at most one file: each picture of an album is a message.

    `draw` is how many times as many readers as usual it has.
    """

    id: int
    date: int
    text: str
    entities: list[dict[str, Any]] = field(default_factory=list)
    media: dict[str, Any] | None = None
    grouped_id: int | None = None
    edit_date: int | None = None
    silent: bool = False
    no_webpage: bool = False
    pinned: bool = False
    deleted_at: int | None = None
    random_id: int = 0
    bot: int = 0
    draw: float = 1.0


@dataclass(slots=True)
class Channel:
    """A channel with its posts by id. `rights` go by bot: post, edit, delete.

    `altered` counts changes to posts that were up already, since the start of the process.
    """

    id: int
    handle: str
    title: str
    about: str = ""
    private: bool = False
    opened: str = ""
    subscribers: int = 0
    counted_at: float = 0.0
    rights: dict[int, dict[str, bool]] = field(default_factory=dict)
    next_id: int = 2
    pts: int = 1
    posts: dict[int, Post] = field(default_factory=dict)
    randoms: dict[tuple[int, int], int] = field(default_factory=dict)
    altered: int = 0


@dataclass(slots=True)
class Letter:
    """A letter that the mail server took; its content lies in a file of its own."""

    id: int
    at: float
    sender: str
    recipients: list[str]
    size: int


class World:
    """All of it, and the file that it is kept in."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.seed = seed
        self.bots: dict[int, Bot] = {}
        self.channels: dict[int, Channel] = {}
        self.handles: dict[str, Channel] = {}
        self.sessions: dict[int, tuple[bytes, int | None]] = {}
        self.media: dict[int, Media] = {}
        self.letters: dict[int, Letter] = {}
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "media").mkdir(exist_ok=True)
        (folder / "letters").mkdir(exist_ok=True)
        self.rsa = _load_key(folder)
        self.fingerprint: int = _compute_fingerprint(self.rsa)
        # Goes up with every change.
        self.revision = 0
        self._last_channel = FIRST_CHANNEL - 1
        self._keeping: asyncio.Future[None] | None = None
        # What is to be written; None takes a row away.
        self._dirty: dict[tuple[str, str], dict[str, Any] | None] = {}
        self._db = _open(folder / "sandbox.sqlite")
        self._load()

    # Keys and accounts

    def find_key(self, key_id: int) -> bytes | None:
        """The auth key with this id."""
        found = self.sessions.get(key_id)
        return found[0] if found else None

    def add_key(self, key_id: int, key: bytes, bot: int | None = None) -> None:
        """Keep an auth key; with a bot it is signed in already."""
        self.sessions[key_id] = (key, bot)
        self._mark("session", str(key_id), {"key": key.hex(), "bot": bot})

    def sign_in(self, key_id: int, bot: int) -> None:
        """The key speaks for the bot from now on."""
        self.add_key(key_id, self.sessions[key_id][0], bot)

    def bot_of(self, key_id: int) -> Bot | None:
        """Who speaks with this key."""
        _, bot = self.sessions.get(key_id, (b"", None))
        return self.bots.get(bot) if bot is not None else None

    def add_bot(self, name: str) -> Bot:
        """A new bot with a token of the usual form."""
        number = 7_000_000_000 + len(self.bots) + 1
        rng = random.Random(f"{self.seed}:bot:{number}")  # noqa: S311 - deterministic on purpose
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
        secret = "".join(rng.choices(alphabet, k=35))
        bot = Bot(
            id=number,
            name=name,
            token=f"{number}:{secret}",
            api_id=100_000 + len(self.bots),
            api_hash=hashlib.md5(secret.encode()).hexdigest(),  # noqa: S324 - only the look of an api_hash
        )
        self.bots[bot.id] = bot
        self.keep_bot(bot)
        return bot

    def keep_bot(self, bot: Bot) -> None:
        """Write a bot's state."""
        self._mark("bot", str(bot.id), asdict(bot))

    def mint_session(self, bot: Bot, host: str, port: int) -> str:
        """A signed-in StringSession that needs no handshake."""
        key = random.Random(f"{self.seed}:key:{bot.id}").randbytes(256)  # noqa: S311 - deterministic on purpose
        key_id = struct.unpack("<Q", sha1(key).digest()[12:])[0]  # noqa: S324 - the protocol's own hash
        self.add_key(key_id, key, bot.id)
        session = StringSession()
        session.set_dc(2, host, port)
        session.auth_key = AuthKey(key)
        text: str = session.save()
        return text

    # Channels and posts

    def access_hash(self, bot: int, thing: int) -> int:
        """What proves that this account has seen the channel or file; it differs per account."""
        digest = hashlib.sha256(f"{self.seed}:{bot}:{thing}".encode()).digest()
        return int.from_bytes(digest[:8], "big", signed=True)

    def add_channel(self, handle: str, title: str, **values: Any) -> Channel:
        """A channel; the same handle again gives the same one."""
        known = self.handles.get(handle.lower())
        if known is not None:
            return known
        self._last_channel += 1
        number = self._last_channel
        channel = Channel(id=number, handle=handle, title=title, counted_at=time.time(), **values)
        self.channels[number] = self.handles[handle.lower()] = channel
        self.keep_channel(channel)
        return channel

    def remove_channel(self, channel: Channel) -> None:
        """The channel vanishes with its posts; its id is not given again."""
        del self.channels[channel.id]
        del self.handles[channel.handle.lower()]
        self._mark("channel", str(channel.id), {})
        for number in channel.posts:
            self._mark("post", f"{channel.id}:{number}", None)

    def keep_channel(self, channel: Channel) -> None:
        """Write a channel's own state; posts are written one by one."""
        skip = {"posts", "randoms", "altered"}
        self._mark(
            "channel",
            str(channel.id),
            {f.name: getattr(channel, f.name) for f in fields(channel) if f.name not in skip},
        )

    def keep_post(self, channel: Channel, post: Post) -> None:
        """Write the state of a post that was altered."""
        channel.altered += 1
        self._mark_post(channel, post)

    def next_post_id(self, channel: Channel) -> int:
        """Ids are not contiguous: now and then the network takes one for itself."""
        gap = hashlib.sha256(f"{self.seed}:{channel.id}:{channel.next_id}".encode()).digest()[0] % 7 == 0
        number = channel.next_id + (1 if gap else 0)
        channel.next_id = number + 1
        return number

    def add_post(self, channel: Channel, post: Post) -> None:
        """Put a post up."""
        channel.posts[post.id] = post
        channel.pts += 1
        if post.random_id:
            channel.randoms[post.bot, post.random_id] = post.id
        self._mark_post(channel, post)
        self.keep_channel(channel)

    # Files

    def add_media(self, data: bytes, kind: str, mime: str, name: str, size: tuple[int, int]) -> Media:
        """Store a file by its content."""
        digest = hashlib.sha256(data).hexdigest()
        file = self.folder / "media" / digest
        if not file.exists():
            draft = file.with_suffix(".new")
            draft.write_bytes(data)
            draft.replace(file)
        media = Media(
            id=9_000_000_001 + len(self.media),
            kind=kind,
            mime=mime,
            name=name,
            size=len(data),
            sha256=digest,
            width=size[0],
            height=size[1],
        )
        self.media[media.id] = media
        self._mark("media", str(media.id), asdict(media))
        return media

    # Letters

    def add_letter(self, content: bytes, sender: str, recipients: list[str], at: float) -> Letter:
        """Keep a letter; the oldest goes when there are too many."""
        number = max(self.letters, default=0) + 1
        self.letter_file(number).write_bytes(content)
        letter = Letter(id=number, at=at, sender=sender, recipients=list(recipients), size=len(content))
        self.letters[number] = letter
        self._mark("letter", str(number), asdict(letter))
        while len(self.letters) > MOST_LETTERS:
            self._drop_letter(min(self.letters))
        return letter

    def letter_file(self, number: int) -> Path:
        """Where a letter's content lies."""
        return self.folder / "letters" / f"{number}.eml"

    def _drop_letter(self, number: int) -> None:
        del self.letters[number]
        self._mark("letter", str(number), None)
        self.letter_file(number).unlink(missing_ok=True)

    # Keeping

    def _mark(self, kind: str, key: str, value: dict[str, Any] | None) -> None:
        self.revision += 1
        self._dirty[kind, key] = value

    def _mark_post(self, channel: Channel, post: Post) -> None:
        self._mark("post", f"{channel.id}:{post.id}", asdict(post))

    def flush(self) -> None:
        """Write what changed since the last time, in one transaction that outlives the process.

        A power cut may take the last of it: that is worth no wait for the disk here.
        """
        if not self._dirty:
            return
        dirty = self._dirty
        rows = [(kind, key, json.dumps(value)) for (kind, key), value in dirty.items() if value is not None]
        gone = [place for place, value in dirty.items() if value is None]
        with self._db:
            self._db.executemany("INSERT OR REPLACE INTO state VALUES (?, ?, ?)", rows)
            self._db.executemany("DELETE FROM state WHERE kind = ? AND key = ?", gone)
        self._dirty = {}

    async def kept(self) -> None:
        """Return when all changes so far are written; those of one turn of the loop share a transaction."""
        if self._keeping is None and self._dirty:
            loop = asyncio.get_running_loop()
            self._keeping = loop.create_future()
            loop.call_soon(self._keep, self._keeping)
        if self._keeping is not None:
            await asyncio.shield(self._keeping)

    def _keep(self, keeping: "asyncio.Future[None]") -> None:
        self._keeping = None
        try:
            self.flush()
        except sqlite3.Error as error:
            keeping.set_exception(error)
        else:
            keeping.set_result(None)

    def close(self) -> None:
        """Write everything and let go of the file."""
        self.flush()
        self._db.close()

    def _load(self) -> None:
        rows: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        for kind, key, value in self._db.execute("SELECT kind, key, value FROM state"):
            rows.setdefault(kind, []).append((key, json.loads(value)))
        for key, value in rows.get("session", []):
            self.sessions[int(key)] = (bytes.fromhex(value["key"]), value["bot"])
        for _, value in rows.get("bot", []):
            self.bots[value["id"]] = Bot(**value)
        for _, value in rows.get("media", []):
            self.media[value["id"]] = Media(**value)
        for _, value in rows.get("letter", []):
            if self.letter_file(value["id"]).exists():
                self.letters[value["id"]] = Letter(**value)
        for key, value in rows.get("channel", []):
            self._last_channel = max(self._last_channel, int(key))
            if value:
                value["rights"] = {int(bot): rights for bot, rights in value["rights"].items()}
                channel = Channel(**value)
                self.channels[channel.id] = self.handles[channel.handle.lower()] = channel
        for key, value in sorted(rows.get("post", []), key=lambda row: row[1]["id"]):
            channel_id = int(key.split(":")[0])
            if channel_id in self.channels:
                channel = self.channels[channel_id]
                post = Post(**value)
                channel.posts[post.id] = post
                if post.random_id:
                    channel.randoms[post.bot, post.random_id] = post.id


def _open(file: Path) -> sqlite3.Connection:
    db = sqlite3.connect(file, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute(
        "CREATE TABLE IF NOT EXISTS state"
        " (kind TEXT, key TEXT, value TEXT, PRIMARY KEY (kind, key)) WITHOUT ROWID"
    )
    return db


def _load_key(folder: Path) -> rsa.PrivateKey:
    file, public = folder / "telegram.private.pem", folder / "telegram.pem"
    if file.exists():
        return rsa.PrivateKey.load_pkcs1(file.read_bytes())
    # The rsa package itself looks for its primes in Python, which takes seconds.
    made = generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    pem = made.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    key = rsa.PrivateKey.load_pkcs1(pem)
    public.write_bytes(rsa.PublicKey(key.n, key.e).save_pkcs1())
    draft = folder / "telegram.private.new"
    draft.touch(0o600)
    draft.write_bytes(pem)
    draft.replace(file)
    return key
