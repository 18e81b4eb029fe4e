"""config.toml and the records of settings: they say the same, and what cannot be used is named."""

import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from publisher.config import ROOT, SECTIONS, Settings, load_settings
from publisher.errors import ConfigError

SHIPPED = (ROOT / "config.toml").read_text("utf-8")


def load(tmp_path: Path, text: str, **environ: str) -> Settings:
    """The settings of a file with this text."""
    file = tmp_path / "config.toml"
    file.write_text(text, "utf-8")
    return load_settings(file, tmp_path / "data", environ)


def trouble(tmp_path: Path, text: str) -> tuple[str, str, str]:
    """Key, what was found and what was expected, of the error that this text makes."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    return caught.value.key, caught.value.found, caught.value.expected


def lines_wanted() -> Iterator[str]:
    """config.toml as the records would have it, line by line."""
    for section, kind in SECTIONS.items():
        yield f"[{section}]"
        for record in fields(kind):
            unit = record.metadata["unit"]
            yield f"# {record.metadata['help']}" + (f" ({unit})" if unit else "")
            yield f"{record.name} = {as_toml(record.default)}"


def as_toml(value: object) -> str:
    """A default as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return "[]" if value == () else repr(value).replace("'", '"')


def test_the_shipped_file_has_every_setting_with_default_unit_and_comment() -> None:
    _, _, rest = SHIPPED.partition("\n\n")
    assert [line for line in rest.splitlines() if line] == list(lines_wanted())


def test_the_shipped_file_is_the_defaults() -> None:
    shipped = load_settings(ROOT / "config.toml", ROOT / "data", {})
    assert shipped == Settings(file=ROOT / "config.toml")


def test_every_number_has_a_unit_or_needs_none() -> None:
    bare = {
        f"{section}.{record.name}"
        for section, kind in SECTIONS.items()
        for record in fields(kind)
        if isinstance(record.default, int | float)
        and not isinstance(record.default, bool)
        and not record.metadata["unit"]
    }
    assert bare == {"web.port", "sandbox.port", "sandbox.telegram_port", "sandbox.mail_port", "sandbox.seed"}


def test_an_empty_file_means_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path, "").web == Settings().web


def test_the_environment_chooses_file_data_and_database(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("[web]\nport = 1234\n")
    chosen = {
        "PUBLISHER_CONFIG": str(tmp_path / "other.toml"),
        "PUBLISHER_DATA": str(tmp_path / "elsewhere"),
        "PUBLISHER_DATABASE_URL": "sqlite:////srv/x.sqlite",
    }
    settings = load_settings(environ=chosen)
    assert (settings.web.port, settings.data) == (1234, tmp_path / "elsewhere")
    assert settings.database_url == "sqlite:////srv/x.sqlite"


def test_the_caller_comes_before_the_environment(tmp_path: Path) -> None:
    settings = load_settings(ROOT / "config.toml", tmp_path, {"PUBLISHER_DATA": "/nowhere"})
    assert settings.data == tmp_path


def test_the_database_lies_in_the_data_folder_unless_said_otherwise(tmp_path: Path) -> None:
    assert load(tmp_path, "").database_url == f"sqlite:///{tmp_path / 'data' / 'newsroom.sqlite'}"


def test_a_whole_number_will_do_for_a_fraction(tmp_path: Path) -> None:
    assert load(tmp_path, "[telegram]\nchannel_per_second = 2\n").telegram.channel_per_second == 2.0


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_settings(tmp_path / "no.toml", tmp_path, {})


def test_a_file_that_is_no_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "old.toml").write_bytes('[office]\nname = "Город"\n'.encode("cp1251"))
    with pytest.raises(ConfigError, match="expected TOML in UTF-8"):
        load_settings(tmp_path / "old.toml", tmp_path, {})


@pytest.mark.parametrize(
    ("text", "key", "found", "expected"),
    [
        ("[offices]\n", "[offices]", "an unknown section", " ".join(sorted(SECTIONS))),
        ("office = 1\n", "office", "1", "a section [office]"),
        (
            '[media]\nmax_mb = 3\n', "media.max_mb", "an unknown setting", "max_megabytes max_megapixels",
        ),
        ("[office]\nname = 5\n", "office.name", "5", "a text"),
        ('[web]\nport = "80"\n', "web.port", "'80'", "a whole number"),
        ("[web]\nport = 80.5\n", "web.port", "80.5", "a whole number"),
        ("[web]\nport = true\n", "web.port", "True", "a whole number"),
        ("[web]\nport = 70000\n", "web.port", "70000", "0 to 65535"),
        ("[sandbox]\ntelegram_port = 70000\n", "sandbox.telegram_port", "70000", "0 to 65535"),
        ("[web]\nproxy_headers = 1\n", "web.proxy_headers", "1", "true or false"),
        ('[web]\ntrusted_hosts = "a"\n', "web.trusted_hosts", "'a'", "a list of texts"),
        ("[web]\ntrusted_hosts = [1]\n", "web.trusted_hosts", "[1]", "a list of texts"),
        ('[telegram]\nchannel_per_second = "1"\n', "telegram.channel_per_second", "'1'", "a number"),
        ('[office]\ntimezone = "Moscow"\n', "office.timezone", "Moscow", "a name such as Europe/Moscow"),
        ('[office]\ntimezone = ""\n', "office.timezone", "", "a name such as Europe/Moscow"),
        ('[office]\nlanguage = "de"\n', "office.language", "de", "ru or en"),
        ("[web]\nthreads = 0\n", "web.threads", "0", "1 or more"),
        ("[delivery]\nundo_seconds = -1\n", "delivery.undo_seconds", "-1", "0 or more"),
        ("[media]\nmax_megabytes = 0\n", "media.max_megabytes", "0", "1 or more"),
        (
            "[delivery]\nlease_seconds = 39\n", "delivery.lease_seconds", "39",
            "at least twice send_timeout_seconds",
        ),
        (
            '[telegram]\nserver = "localhost:1"\n', "telegram.server", "localhost:1",
            "server and server_key together",
        ),
        (
            '[telegram]\nserver = "localhost"\nserver_key = "k.pem"\n', "telegram.server", "localhost",
            "host:port",
        ),
        ('[database]\nurl = "newsroom"\n', "database.url", "newsroom", "sqlite:///… or postgresql://…"),
        (
            '[database]\nurl = "mysql://a/b"\n', "database.url", "mysql",
            "sqlite:///… or postgresql://…",
        ),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_used_is_named(
    tmp_path: Path, text: str, key: str, found: str, expected: str
) -> None:
    assert trouble(tmp_path, text) == (key, found, expected)


def test_a_damaged_file_is_named_with_the_place(tmp_path: Path) -> None:
    key, found, expected = trouble(tmp_path, "[office\n")
    assert key == str(tmp_path / "config.toml")
    assert "line 1" in found
    assert expected == "TOML in UTF-8"


def test_the_shipped_file_can_be_read_by_others() -> None:
    assert set(tomllib.loads(SHIPPED)) == set(SECTIONS)
