"""`publisher init`."""

from tests.cli.terminal import Terminal


def test_init_makes_folder_key_and_database(terminal: Terminal) -> None:
    key = terminal.data / "secret.key"
    expected = f"Data: {terminal.data}\nKey of the secrets: {key}. Keep a copy elsewhere."
    assert terminal.done("init") == expected
    assert key.stat().st_mode & 0o777 == 0o600
    assert (terminal.data / "newsroom.sqlite").is_file()


def test_init_keeps_what_is_there_when_it_is_called_again(terminal: Terminal) -> None:
    terminal.done("init")
    key = (terminal.data / "secret.key").read_bytes()
    terminal.done("item", "add", terminal.story())
    terminal.done("init")
    assert (terminal.data / "secret.key").read_bytes() == key
    assert terminal.read("item", "show", "1", "--json")["slug"] == "road-works"
