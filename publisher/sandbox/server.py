"""The sandbox process: the networks on one event loop, their page and control on HTTP threads beside it."""

import asyncio
import json
import os
import secrets
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import BinaryIO

import waitress
from waitress.server import BaseWSGIServer, MultiSocketServer

from publisher.sandbox.access import Access
from publisher.sandbox.app import create_app
from publisher.sandbox.faults import Faults
from publisher.sandbox.smtp import Sink
from publisher.sandbox.telegram import Telegram
from publisher.sandbox.world import World


class CannotStart(Exception):
    """One line for the person who started it."""


def serve(data: Path, host: str, port: int, telegram_port: int, mail_port: int, seed: int) -> None:
    """Run until SIGINT or SIGTERM. Port 0 takes any free one; DATA/sandbox.json says which when ready.

    Raises CannotStart when a port or the folder is taken.
    """
    asyncio.run(_serve(data, host, port, telegram_port, mail_port, seed))


async def _serve(data: Path, host: str, port: int, telegram_port: int, mail_port: int, seed: int) -> None:
    data.mkdir(parents=True, exist_ok=True)
    lock = _lock(data)
    links, mail = _listen(host, telegram_port), _listen(host, mail_port)
    world, faults = World(data, seed), Faults()
    telegram = Telegram(world, faults, host, links.getsockname()[1])
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)

    page = _listen(host, port)
    http_port = page.getsockname()[1]
    token = secrets.token_urlsafe(24)
    hosts = frozenset(f"{name}:{http_port}" for name in {host, "localhost", "127.0.0.1"})
    app = create_app(telegram, loop, Access(token, hosts))
    # The headers of a proxy are looked at, not believed: with one in front, nobody is at this machine.
    web = waitress.create_server(app, sockets=[page], threads=4, clear_untrusted_proxy_headers=False)
    threading.Thread(target=web.run, daemon=True).start()
    server = await asyncio.start_server(telegram.connect, sock=links, limit=2**22)
    sink = await Sink(world, faults).listen(mail)
    ports = {
        "http_port": http_port, "telegram_port": telegram.port, "mail_port": mail.getsockname()[1],
    }  # fmt: skip
    _announce(data, host, ports, token)
    await stop.wait()
    server.close()
    sink.close()
    _stop(web)
    world.close()
    lock.close()


def _listen(host: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise CannotStart(f"sandbox: port {port} on {host} is taken") from error
    sock.listen(128)
    return sock


def _lock(data: Path) -> BinaryIO:
    """Held by the operating system for the life of this process."""
    handle = (data / "sandbox.lock").open("a+b")
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        raise CannotStart(f"sandbox: another one already runs on {data}") from error
    return handle


def _announce(data: Path, host: str, ports: dict[str, int], token: str) -> None:
    public = {"pid": os.getpid(), "host": host, **ports, "telegram_key": str(data / "telegram.pem")}
    draft = data / "sandbox.json.new"
    draft.touch(0o600)
    draft.write_text(json.dumps({**public, "control_token": token}), "utf-8")
    draft.replace(data / "sandbox.json")
    sys.stdout.write(json.dumps(public) + "\n")
    sys.stdout.flush()


def _stop(web: BaseWSGIServer | MultiSocketServer) -> None:
    web.close()
    web.task_dispatcher.shutdown(cancel_pending=True, timeout=1)
