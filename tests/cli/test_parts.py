"""`publisher web`, `worker` and `sandbox` alone: what keeps them from starting is one line."""

import signal
import socket
from contextlib import closing
from pathlib import Path

from publisher.store.locks import hold_lock
from tests.cli.terminal import Terminal, run_program, start_program
from tests.cli.test_run import eventually
from tests.tasks.newsroom import free_ports, write_config


def taken_port(folder: Path, part: str) -> str:
    """What a part says whose port another program has; {port} stands for it."""
    config = write_config(folder / "config.toml")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        options = ("--config", str(config), "--data", str(folder / "data"), "--port", port)
        answer = run_program(part, *options)
    assert (answer.code, answer.out, answer.err.count("\n")) == (1, "", 1)
    return answer.err.replace(port, "{port}")


def test_the_desk_names_a_taken_port(tmp_path: Path) -> None:
    assert run_program("init", "--data", str(tmp_path / "data")).code == 0
    assert taken_port(tmp_path, "web") == "publisher: порт {port} на 127.0.0.1 занят\n"


def test_the_sandbox_names_a_taken_port(tmp_path: Path) -> None:
    said = taken_port(tmp_path, "sandbox")
    assert said == "publisher: sandbox: port {port} on 127.0.0.1 is taken\n"


def test_a_realm_has_one_worker_on_sqlite(terminal: Terminal) -> None:
    terminal.done("init")
    with closing(hold_lock(terminal.data / "worker-real.lock", "a test")):
        said = terminal.refused("worker")
    assert said.startswith("publisher worker --realm real is already running (process ")


def test_a_worker_of_the_sandbox_realm_needs_a_sandbox(terminal: Terminal) -> None:
    terminal.done("init")
    file = terminal.data / "sandbox" / "sandbox.json"
    assert terminal.refused("worker", "--realm", "sandbox") == f"no sandbox has run here: {file} is missing"


def test_a_server_key_that_is_not_there_is_named(terminal: Terminal) -> None:
    terminal.set_up('[telegram]\nserver = "127.0.0.1:1"\nserver_key = "nowhere.pem"\n')
    said = terminal.refused("worker")
    assert said == "telegram.server_key: found nowhere.pem, expected a PEM file"


def test_a_realm_that_does_not_exist_is_a_usage_error(terminal: Terminal) -> None:
    assert "'both' is not one of 'real', 'sandbox'" in terminal.misused("worker", "--realm", "both")


def test_the_desk_stops_kindly_when_asked_to(tmp_path: Path) -> None:
    port = free_ports(1)[0]
    with start_program("web", "--data", str(tmp_path / "data"), "--port", str(port)) as process:
        assert eventually(lambda: listens(port))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert process.returncode == 0


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0
