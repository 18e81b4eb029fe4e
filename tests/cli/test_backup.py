"""`publisher backup` and `restore`."""

import zipfile
from pathlib import Path

from tests.cli.terminal import Terminal
from tests.files import picture


def backed_up(terminal: Terminal) -> Path:
    """The backup of an office in which an item waits to go out."""
    terminal.add_channels("krd_news")
    photo = terminal.write("park.jpg", picture())
    terminal.done("item", "add", terminal.story(), "--to-all", "--media", photo, "--now")
    file = terminal.folder / "newsroom.backup"
    terminal.done("backup", str(file))
    return file


def restored(terminal: Terminal) -> Terminal:
    """The same office brought back into another folder."""
    file = backed_up(terminal)
    terminal.data = terminal.folder / "elsewhere"
    terminal.done("restore", str(file))
    return terminal


def test_a_backup_says_what_is_in_it_and_what_is_not(terminal: Terminal) -> None:
    terminal.done("init")
    file = terminal.folder / "newsroom.backup"
    assert terminal.done("backup", str(file)).splitlines() == [
        f"{file}: the database and 0 files.",
        f"The key is not inside: keep a copy of {terminal.data / 'secret.key'} elsewhere.",
    ]


def test_the_key_is_not_in_the_backup(terminal: Terminal) -> None:
    key = b""
    with zipfile.ZipFile(backed_up(terminal)) as archive:
        key = (terminal.data / "secret.key").read_bytes()
        assert all(key not in archive.read(name) for name in archive.namelist())
    assert key


def test_a_backup_never_overwrites(terminal: Terminal) -> None:
    file = backed_up(terminal)
    before = file.read_bytes()
    assert terminal.refused("backup", str(file)) == f"{file} exists already: choose another name"
    assert file.read_bytes() == before


def test_a_restored_office_comes_up_paused_with_what_waited_held(terminal: Terminal) -> None:
    restored(terminal)
    queue = terminal.read("queue", "--json")
    assert queue["paused"] is True
    assert [operation["state"] for operation in queue["operations"]] == ["held"]
    reason = "It comes from a copy of the data: decide whether it still goes out."
    assert queue["operations"][0]["error"] == reason
    assert terminal.done("queue").endswith(reason)


def test_a_restored_office_has_the_media(terminal: Terminal) -> None:
    original = terminal.data / "media"
    restored(terminal)
    files = {path.relative_to(original) for path in original.rglob("*") if path.is_file()}
    assert files
    assert all((terminal.data / "media" / path).is_file() for path in files)


def test_restoring_says_that_the_key_is_missing(terminal: Terminal) -> None:
    file = backed_up(terminal)
    terminal.data = terminal.folder / "elsewhere"
    said = terminal.done("restore", str(file)).splitlines()
    assert said[-1] == (
        f"The key is missing: put it at {terminal.data / 'secret.key'} before desk and worker start."
    )


def test_resuming_leaves_what_a_restore_holds_to_a_person(terminal: Terminal) -> None:
    restored(terminal)
    said = terminal.done("queue", "resume")
    assert "Held because this is a copy: 1." in said
    assert terminal.read("queue", "--json")["operations"][0]["state"] == "held"


def test_an_office_that_was_used_is_not_overwritten(terminal: Terminal) -> None:
    file = backed_up(terminal)
    said = terminal.refused("restore", str(file))
    assert said == f"{terminal.data} is not empty: choose another folder, or give --replace."


def test_replacing_puts_the_old_database_aside(terminal: Terminal) -> None:
    file = backed_up(terminal)
    terminal.done("item", "add", terminal.story("Written after the backup"))
    terminal.done("restore", str(file), "--replace")
    assert terminal.refused("item", "show", "2") == "There is no item 2."
    assert len(list(terminal.data.glob("newsroom.sqlite.before-restore-*"))) == 1


def test_a_file_that_is_no_backup_is_named(terminal: Terminal) -> None:
    file = terminal.write("letter.txt", "Dear all")
    assert terminal.refused("restore", file).startswith(f"cannot read the backup {file}: ")


def test_a_damaged_backup_changes_nothing(terminal: Terminal) -> None:
    file = backed_up(terminal)
    whole = file.read_bytes()
    terminal.data = terminal.folder / "elsewhere"
    # Where the packed database begins, and in the middle of what it unpacks to.
    begin = whole.index(b"newsroom.sqlite") + len("newsroom.sqlite")
    for place in (begin, len(whole) // 2):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        assert terminal.refused("restore", str(file)).startswith(f"cannot read the backup {file}: ")
        assert not (terminal.data / "newsroom.sqlite").exists()


def test_an_archive_with_a_password_is_named(terminal: Terminal) -> None:
    file = backed_up(terminal)
    content = bytearray(file.read_bytes())
    # The flag of encryption, in the entry itself and in the directory.
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    file.write_bytes(content)
    terminal.data = terminal.folder / "elsewhere"
    assert terminal.refused("restore", str(file)).startswith(f"cannot read the backup {file}: ")
