"""The program's rim: exit codes, usage, settings and databases that cannot be used."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal, run_program

# Root may write everywhere, unless it gives up that right first.
HUMBLY = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()


def test_the_installed_program_works_from_any_folder(tmp_path: Path) -> None:
    answer = run_program("init", "--data", "newsroom", before=("env", f"--chdir={tmp_path}"))
    assert (answer.code, answer.err) == (0, "")
    assert (tmp_path / "newsroom" / "newsroom.sqlite").is_file()


def test_help_lists_every_command(terminal: Terminal) -> None:
    answer = terminal.run("--help")
    assert answer.code == 0
    for name in ("run", "init", "doctor", "item", "backup"):
        assert f"\n  {name} " in answer.out


def test_a_command_that_does_not_exist_is_a_usage_error(terminal: Terminal) -> None:
    assert "No such command 'publish'" in terminal.misused("publish")


def test_an_option_that_does_not_exist_is_a_usage_error(terminal: Terminal) -> None:
    assert "No such option" in terminal.misused("queue", "--everything")


def test_the_global_options_may_stand_before_the_command(tmp_path: Path) -> None:
    answer = run_program("--data", str(tmp_path / "before"), "init")
    assert answer.code == 0
    assert (tmp_path / "before").is_dir()


def test_the_environment_chooses_settings_and_data(tmp_path: Path) -> None:
    (tmp_path / "english.toml").write_text('[office]\nlanguage = "en"\n')
    answer = run_program(
        "init",
        PUBLISHER_CONFIG=str(tmp_path / "english.toml"),
        PUBLISHER_DATA=str(tmp_path / "data"),
        PUBLISHER_DATABASE_URL=f"sqlite:///{tmp_path / 'elsewhere.sqlite'}",
    )
    assert answer.out.startswith(f"Data: {tmp_path / 'data'}\n")
    assert (tmp_path / "elsewhere.sqlite").is_file()


def test_the_program_speaks_the_office_language(terminal: Terminal) -> None:
    terminal.set_up('[office]\nlanguage = "ru"\n')
    assert terminal.done("queue") == "Очередь пуста."


def test_a_damaged_config_is_named_with_its_line(terminal: Terminal) -> None:
    terminal.set_up('[office]\nname = "open\n')
    said = terminal.refused("init")
    assert said.startswith(f"{terminal.config}: found ")
    assert "line 2" in said


def test_an_unknown_setting_is_named_with_the_known_ones(terminal: Terminal) -> None:
    terminal.set_up("[media]\nmax_gigabytes = 1\n")
    expected = "media.max_gigabytes: found an unknown setting, expected max_megabytes max_megapixels"
    assert terminal.refused("init") == expected


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        answer = run_program("init", "--data", str(tmp_path / "data"), before=HUMBLY)
    finally:
        tmp_path.chmod(0o755)
    assert (answer.code, answer.out) == (1, "")
    key = tmp_path / "data" / "secret.key"
    assert answer.err == f"publisher: не удалось создать ключ {key}: Permission denied\n"


def test_run_says_so_when_the_data_folder_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        answer = run_program("run", "--data", str(tmp_path / "data"), before=HUMBLY)
    finally:
        tmp_path.chmod(0o755)
    expected = f"publisher: нет записи в папку данных {tmp_path / 'data'}: Permission denied\n"
    assert (answer.code, answer.err) == (1, expected)


@pytest.mark.parametrize("command", [("queue",), ("init",), ("item", "show", "1"), ("worker",)])
def test_a_file_that_is_no_database_is_named(terminal: Terminal, command: tuple[str, ...]) -> None:
    terminal.data.mkdir()
    (terminal.data / "newsroom.sqlite").write_text("Дорогой дневник" * 100)
    said = terminal.refused(*command)
    expected = f"cannot use the database sqlite:///{terminal.data}/newsroom.sqlite: file is not a database"
    assert said == expected


def test_a_database_of_a_newer_program_is_left_alone(terminal: Terminal) -> None:
    terminal.done("init")
    with closing(sqlite3.connect(terminal.data / "newsroom.sqlite")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    expected = (
        f"the database sqlite:///{terminal.data}/newsroom.sqlite was made by a newer version of this program"
    )
    assert terminal.refused("queue") == expected


def test_a_pipe_that_closed_early_is_no_traceback(tmp_path: Path) -> None:
    script = 'publisher="$1"; shift; "$publisher" doctor --json "$@" | head -n 1'
    answer = run_program("--data", str(tmp_path), before=("sh", "-c", script, "sh"))
    assert answer.out == "{\n"
    assert "Traceback" not in answer.err
