"""The program's rim: which commands there are, the options they share, and how errors reach a person."""

import errno
import logging
import sys
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import click

from publisher.cli.office import Group, Office
from publisher.errors import PublisherError

# Command -> (where it stands, what it is for). Only the one that is called gets imported.
COMMANDS = {
    "run": ("publisher.cli.run:run", "Start desk, worker and sandbox together."),
    "web": ("publisher.cli.parts:web", "Start the desk alone."),
    "worker": ("publisher.cli.parts:worker", "Start a worker alone: it sends, counts and checks."),
    "sandbox": ("publisher.cli.parts:sandbox", "Start the sandbox alone: a stand-in for the networks."),
    "init": ("publisher.cli.setup:init", "Create data folder, key and database."),
    "demo": ("publisher.cli.demo:demo", "The demo city: load it, remove it."),
    "doctor": ("publisher.cli.doctor:doctor", "Say where everything lies and what is not in order."),
    "user": ("publisher.cli.people:user", "People of the office."),
    "account": ("publisher.cli.accounts:account", "Accounts on the networks."),
    "channel": ("publisher.cli.channels:channel", "Channels that the accounts serve."),
    "item": ("publisher.cli.items:item", "News items: add, show, correct, withdraw."),
    "search": ("publisher.cli.search:search", "Find what was written; build the index anew."),
    "queue": ("publisher.cli.queue:queue", "What is to go out; pause and resume everything."),
    "counts": ("publisher.cli.counts:counts", "Subscribers: count now, export, import, rebuild."),
    "growth": ("publisher.cli.growth:growth", "What a period brought each channel and all together."),
    "digest": ("publisher.cli.digest:digest", "The past week summed up."),
    "mail": ("publisher.cli.mail:mail", "Letters: try the settings."),
    "appeals": ("publisher.cli.appeals:appeals", "Citizens' appeals: totals, imported."),
    "archive": ("publisher.cli.archive:archive", "Write what is published into one file for everybody."),
    "backup": ("publisher.cli.backup:backup", "Write database and media into one file."),
    "restore": ("publisher.cli.backup:restore", "Bring a backup back; everything comes up paused."),
}
DONE, FAILED, USAGE = 0, 1, 2


class Program(Group):
    """The group of all commands, each imported when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of a person's first day."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in `--help`, without importing every command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in COMMANDS.items()])


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
def program() -> None:
    """Write a news item once; it stands in every channel of the city, on time and exactly once.

    --config, --data and --debug may stand before or after the command.
    """


def main() -> None:
    """Run the command line and leave with its exit code."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    # Telethon warns of every update it could not place; what matters comes back as an error.
    logging.getLogger("telethon").setLevel(logging.ERROR)
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """The exit code: 0 done, 1 refused or failed (one line on stderr says why), 2 usage."""
    office = Office()
    try:
        # Click hands back what the command returned, or the exit code of --help and --version.
        code = program.main(list(arguments), prog_name="publisher", obj=office, standalone_mode=False)
        return code if isinstance(code, int) else DONE
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx else "", err=True)
        return USAGE
    except click.UsageError as error:
        error.show()
        return USAGE
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return FAILED
    except PublisherError as error:
        return _failed(office, office.explain(error))
    except BrokenPipeError:
        # Whoever read our output has seen enough (`publisher counts export | head`).
        sys.stderr.close()
        return FAILED
    except OSError as error:
        if office.debug:
            raise
        return _failed(office, _os_error(error))
    except Exception as error:
        # The rim of the process: whatever it is, a person gets one line, and the rest goes into a file.
        if office.debug:
            raise
        return _failed(office, _unexpected(office, error))
    finally:
        office.close()


def _failed(office: Office, line: str) -> int:
    click.echo(f"publisher: {line}", err=True)
    return FAILED


def _os_error(error: OSError) -> str:
    reason = "no space left on the disk" if error.errno == errno.ENOSPC else error.strerror or str(error)
    return f"{error.filename}: {reason}" if error.filename else reason


def _unexpected(office: Office, error: Exception) -> str:
    busy = "database is locked" in str(error)
    what = "the database is busy: try again" if busy else f"unexpected {type(error).__name__}"
    log = _keep_traceback(office)
    return f"{what} (details: {log})" if log else f"{what} (run again with --debug for details)"


def _keep_traceback(office: Office) -> Path | None:
    """Where the traceback was written; None when not even that was possible."""
    try:
        log = office.settings.data / "logs" / "errors.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            file.write(f"{datetime.now(UTC).isoformat()}\n{traceback.format_exc()}\n")
    except (OSError, PublisherError):
        return None
    return log
