"""Files that wait between their preview and the word to import them: under random names, for a day."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from publisher.core.entries import Mending
from publisher.core.guessing import Kind, fold
from publisher.core.messages import N_
from publisher.errors import NotFound, RuleError
from publisher.store.sheets import LARGEST_FILE, MEGABYTE

KEPT_FOR = timedelta(days=1)
# Of one person at the same time; the oldest goes first.
MOST_FILES = 5
MOST_MENDED = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a person said about the file; empty is guessed. `columns` are codes by place, good for a heading
    of just these `titles`; `cells` are texts by "line:place"; `names` lead what the file calls a
    channel to its id, or to "-"."""

    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    order: str = ""
    fraction: str = ""
    titles: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    cells: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[int, ...] = ()

    def mending(self) -> Mending:
        """The same as the reader of the table takes it."""
        return Mending(
            cells={_place(key): text for key, text in self.cells.items()},
            left_out=frozenset(self.left_out),
            names={fold(name): int(code) if code.isdecimal() else None for name, code in self.names.items()},
        )

    def for_another_file(self) -> "Choices":
        """What also holds for the file as it was mended outside: all but single cells and lines."""
        return replace(self, cells={}, left_out=())


def _place(key: str) -> tuple[int, int]:
    line, _, place = key.partition(":")
    return int(line), int(place)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingFile:
    """A file with what is known of it."""

    token: str
    path: Path
    name: str
    kind: Kind
    user_id: int
    sha256: str
    kept_at: datetime
    choices: Choices


class WaitingRoom:
    """The folder in which the files wait. Nothing in it is ever served or run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, stream: IO[bytes], name: str, kind: Kind, user_id: int, now: datetime) -> WaitingFile:
        """Take a file in. Raises RuleError at "file" for one that is too large."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._clean(user_id, now)
        token = secrets.token_hex(16)
        return self._write(token, stream, name, kind, user_id, now, Choices())

    def replace(self, waiting: WaitingFile, stream: IO[bytes], name: str, now: datetime) -> WaitingFile:
        """Another file in the place of this one, for which the same choices hold. Raises RuleError."""
        return self._write(
            waiting.token, stream, name, waiting.kind, waiting.user_id, now,
            waiting.choices.for_another_file(),
        )  # fmt: skip

    def get(self, token: str, user_id: int) -> WaitingFile:
        """The person's file. Raises NotFound, also for a file of somebody else."""
        if len(token) != 32 or not token.isalnum():
            raise NotFound("file", token)
        waiting = self._read(token)
        if waiting is None or waiting.user_id != user_id:
            raise NotFound("file", token)
        return waiting

    def choose(self, waiting: WaitingFile, choices: Choices) -> WaitingFile:
        """Remember what the person chose."""
        chosen = replace(waiting, choices=choices)
        self._note(chosen)
        return chosen

    def discard(self, token: str) -> None:
        """Throw the file away."""
        for path in (self._folder / token, self._folder / f"{token}.json"):
            path.unlink(missing_ok=True)

    def _write(
        self,
        token: str,
        stream: IO[bytes],
        name: str,
        kind: Kind,
        user_id: int,
        now: datetime,
        choices: Choices,
    ) -> WaitingFile:
        path, digest, size = self._folder / token, sha256(), 0
        unfinished = path.with_suffix(".new")
        try:
            with unfinished.open("wb") as file:
                while chunk := stream.read(MEGABYTE):
                    size += len(chunk)
                    if size > LARGEST_FILE:
                        message = N_("The file is larger than {size} MB.")
                        raise RuleError("file", message, size=LARGEST_FILE // MEGABYTE)
                    digest.update(chunk)
                    file.write(chunk)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
        waiting = WaitingFile(
            token=token, path=path, name=name, kind=kind, user_id=user_id, sha256=digest.hexdigest(),
            kept_at=now, choices=choices,
        )  # fmt: skip
        self._note(waiting)
        return waiting

    def _note(self, waiting: WaitingFile) -> None:
        about = {
            "name": waiting.name, "kind": waiting.kind.value, "user_id": waiting.user_id,
            "sha256": waiting.sha256, "kept_at": waiting.kept_at.isoformat(),
            "choices": asdict(waiting.choices),
        }  # fmt: skip
        path = self._folder / f"{waiting.token}.json"
        unfinished = path.with_suffix(".part")
        unfinished.write_text(json.dumps(about, ensure_ascii=False), "utf-8")
        unfinished.replace(path)

    def _read(self, token: str) -> WaitingFile | None:
        try:
            about = json.loads((self._folder / f"{token}.json").read_text("utf-8"))
        except FileNotFoundError:
            return None
        return WaitingFile(
            token=token, path=self._folder / token, name=about["name"], kind=Kind(about["kind"]),
            user_id=about["user_id"], sha256=about["sha256"],
            kept_at=datetime.fromisoformat(about["kept_at"]), choices=_choices(about["choices"]),
        )  # fmt: skip

    def _clean(self, user_id: int, now: datetime) -> None:
        """Throw away what is older than a day, and what the person has too many of."""
        waiting = [self._read(path.stem) for path in self._folder.glob("*.json")]
        found = sorted((one for one in waiting if one), key=lambda one: one.kept_at, reverse=True)
        own = [one for one in found if one.user_id == user_id]
        too_old = [one for one in found if now - one.kept_at > KEPT_FOR]
        for token in {one.token for one in (*own[MOST_FILES - 1 :], *too_old)}:
            self.discard(token)


def _choices(document: Mapping[str, Any]) -> Choices:
    lists = {name: tuple(document[name]) for name in ("titles", "columns", "left_out")}
    return Choices(**{**document, **lists})
