"""The documentation says what the program does: nothing is missing, nothing is made up, no link is broken."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest

from publisher import errors
from publisher.cli.program import program
from publisher.config import ROOT, SECTIONS, Settings
from publisher.core.messages import N_
from publisher.core.platforms import PLATFORMS
from publisher.core.receipts import BY_CLASS, BY_CODE
from publisher.core.states import HoldReason, ItemStatus, OperationKind, OperationState
from publisher.secrets import Vault
from publisher.store.session import Store
from publisher.web.app import create_app
from publisher.wording import WORDS, translate
from tests.builders import NOW
from tests.test_config import as_toml

DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
LINK = re.compile(r"(?<!`)!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)


def text(page: str) -> str:
    """A page of the documentation."""
    return (DOCS / page).read_text("utf-8")


def commands(
    group: click.Group = program, path: tuple[str, ...] = ("publisher",)
) -> Iterator[tuple[str, click.Command]]:
    """Every command with its whole name."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            if command.invoke_without_command:
                yield " ".join([*path, name]), command
            yield from commands(command, (*path, name))
        else:
            yield " ".join([*path, name]), command


def own_options(command: click.Command) -> Iterator[str]:
    """The options of a command itself."""
    shared = {"--config", "--data", "--debug", "--help"}
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not shared & set(parameter.opts):
            yield parameter.opts[0]


def subclasses(kind: type[Exception]) -> Iterator[type[Exception]]:
    """The class and everything below it."""
    yield kind
    for below in kind.__subclasses__():
        yield from subclasses(below)


@pytest.mark.parametrize(("name", "command"), list(commands()), ids=[name for name, _ in commands()])
def test_every_command_is_documented_with_its_options(name: str, command: click.Command) -> None:
    rows = [line for line in text("administrator/commands.md").splitlines() if line.startswith(f"| `{name}")]
    rows = [row for row in rows if re.match(rf"\| `{re.escape(name)}[` ]", row)]
    assert rows, f"{name} has no row"
    missing = [option for option in own_options(command) if not any(option in row for row in rows)]
    assert missing == []


def test_every_documented_command_exists() -> None:
    known = {name for name, _ in commands()}
    shown = re.findall(
        r"^\| `(publisher [a-z ]+?)(?: [A-Z\[\-(].*)?`", text("administrator/commands.md"), re.M
    )
    assert shown
    assert {name for name in shown if name not in known} == set()


def test_the_shared_options_are_documented() -> None:
    for option in ("--config", "--data", "--debug", "--help"):
        assert f"`{option}" in text("administrator/commands.md")


def test_every_word_of_the_json_is_documented() -> None:
    for words in (ItemStatus, OperationKind, OperationState):
        assert ", ".join(f"`{word}`" for word in words) in text("administrator/commands.md")


def test_every_setting_is_documented_as_its_record_says() -> None:
    for section, kind in SECTIONS.items():
        _, _, rest = text("administrator/settings.md").partition(f"## {section}\n")
        rows = [line for line in rest.partition("\n## ")[0].splitlines() if line.startswith("| `")]
        assert rows == [
            f"| `{r.name}` | `{as_toml(r.default)}` | {r.metadata['unit'] or '–'} | {r.metadata['help']} |"
            for r in fields(kind)
        ]


def test_every_variable_of_the_environment_is_documented() -> None:
    used = {
        variable
        for file in (ROOT / "publisher").rglob("*.py")
        for variable in re.findall(r"PUBLISHER_[A-Z_]+", file.read_text("utf-8"))
    }
    # Between `publisher run` and its parts.
    used -= {"PUBLISHER_TIED_TO_PARENT"}
    documented = set(re.findall(r"\| `(PUBLISHER_[A-Z_]+)`", text("administrator/settings.md")))
    assert documented == used


def test_every_class_of_errors_is_documented() -> None:
    below = {
        kind.__name__ for kind in subclasses(errors.PublisherError) if kind.__module__ == errors.__name__
    }
    assert set(re.findall(r"^\| `([A-Z]\w+)` \|", text("developer/architecture.md"), re.M)) == below


def test_every_reason_of_a_row_is_in_the_troubleshooting() -> None:
    reasons = {*BY_CODE.values(), *(message for _, message in BY_CLASS), *WORDS[HoldReason].values()}
    reasons.add(N_("The network did not say whether the post stands."))
    page = text("administrator/troubleshooting.md")
    assert sorted(reason for reason in reasons if f"| {reason} |" not in page) == []


def test_the_troubleshooting_quotes_messages_as_they_are_shown() -> None:
    rows = re.findall(
        r"^\| ([^|`]+?) \| ([^|]+?) \| [^|]+ \|$", text("administrator/troubleshooting.md"), re.M
    )
    quoted = [row for row in rows if row[0] != "message"]
    assert len(quoted) > 60
    assert [
        (english, russian) for english, russian in quoted if translate(english, {}, "ru") != russian
    ] == []


def test_every_address_of_the_desk_is_documented(sqlite_store: Store, tmp_path: Path) -> None:
    app = create_app(Settings(data=tmp_path), sqlite_store, Vault(tmp_path / "key"), now=lambda: NOW)
    first_parts = {f"/{rule.rule.split('/')[1]}" for rule in app.url_map.iter_rules()}
    documented = set(re.findall(r"^\| `(/[\w-]*)` \|", text("editor/screens.md"), re.M))
    assert documented == first_parts


def test_every_network_is_documented_with_its_limits() -> None:
    for platform in PLATFORMS.values():
        start = f"| {platform.title} |"
        row = next(line for line in text("administrator/networks.md").splitlines() if line.startswith(start))
        for figure in (platform.text_limit, platform.caption_limit, platform.images, platform.documents):
            assert f" {figure:,} |" in row


def test_the_read_me_fits_on_a_screen_and_its_commands_exist() -> None:
    read_me = (ROOT / "README.md").read_text("utf-8")
    assert len(read_me.splitlines()) <= 60
    wanted = set(re.findall(r"make (\w+)", read_me))
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text("utf-8"), re.M)
    assert phony is not None
    assert {"run", "test"} <= wanted <= set(phony[1].split())


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(CODE.sub("", page.read_text("utf-8"))):
        target, _, heading = link.partition("#")
        if ":" in target:
            continue
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), f"{link} leads nowhere"
        if heading:
            headings = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.M)
            assert heading in {title.lower().replace(" ", "-") for title in headings}


def test_every_page_can_be_reached_from_the_read_me() -> None:
    seen, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        if page.is_dir():
            waiting += page.glob("*.md")
        elif page.suffix == ".md":
            links = LINK.findall(CODE.sub("", page.read_text("utf-8")))
            waiting += [(page.parent / link.partition("#")[0]).resolve() for link in links if ":" not in link]
    assert [str(page.relative_to(ROOT)) for page in PAGES if page not in seen] == []


@pytest.mark.parametrize("page", sorted((DOCS / "decisions").glob("*.md")), ids=lambda page: page.stem)
def test_a_decision_tells_situation_choice_and_cost_on_one_page(page: Path) -> None:
    told = page.read_text("utf-8")
    assert told.startswith(f"# {int(page.name[:4])}. ")
    assert [
        part for part in ("**Situation.**", "**Choice.**", "**What it costs.**") if part not in told
    ] == []
    assert len(told.splitlines()) <= 40


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(page.name[:4]) for page in sorted((DOCS / "decisions").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))
