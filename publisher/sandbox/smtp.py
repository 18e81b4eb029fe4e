"""A mail server that keeps every letter it takes and passes none on."""

import asyncio
import logging
import socket
import time
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from publisher.sandbox.faults import Fault, Faults
from publisher.sandbox.world import World

BIGGEST_LETTER = 10 * 1024 * 1024
HANG_SECONDS = 600.0
# Steps of the protocol at which it can be told to misbehave.
RECIPIENT, CONTENT = "smtp.RCPT", "smtp.DATA"


class Sink:
    """The server's answers. Faults strike at a recipient or at the content, by the recipient's address."""

    def __init__(self, world: World, faults: Faults) -> None:
        self.world = world
        self.faults = faults

    async def listen(self, sock: socket.socket) -> asyncio.Server:
        """Serve on this socket."""
        logging.getLogger("mail.log").setLevel(logging.WARNING)
        loop = asyncio.get_running_loop()
        return await loop.create_server(
            lambda: SMTP(self, hostname="sandbox", ident="Sandbox", data_size_limit=BIGGEST_LETTER), sock=sock
        )

    async def handle_RCPT(  # noqa: N802 - the names that the library calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a recipient, whoever it is."""
        fault = self.faults.strike(RECIPIENT, address)
        self._note(RECIPIENT, address, fault, applied=False)
        if fault is not None and (refusal := await _misbehave(server, fault)):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the letter, then say so; a fault «after» strikes between the two."""
        recipient = envelope.rcpt_tos[0]
        fault = self.faults.strike(CONTENT, recipient)
        if fault is not None and fault.when == "before":
            self._note(CONTENT, recipient, fault, applied=False)
            if refusal := await _misbehave(server, fault):
                return refusal
        number = await self._keep(envelope)
        self._note(CONTENT, recipient, fault, applied=True)
        if fault is not None and fault.when == "after" and (refusal := await _misbehave(server, fault)):
            return refusal
        return f"250 OK: kept as {number}"

    async def _keep(self, envelope: Envelope) -> int:
        content = envelope.content
        assert isinstance(content, bytes)  # noqa: S101 - nothing is decoded on its way in
        letter = self.world.add_letter(content, envelope.mail_from or "", envelope.rcpt_tos, time.time())
        await self.world.kept()
        return letter.id

    def _note(self, method: str, address: str, fault: Fault | None, *, applied: bool) -> None:
        self.faults.note(
            at=time.time(), method=method, account=None, channel=address, random_ids=[],
            applied=applied, answered=fault.kind if fault else "ok",
        )  # fmt: skip


async def _misbehave(server: SMTP, fault: Fault) -> str | None:
    """The refusal that the fault answers with; None when it was only slow. A cut link ends the call."""
    if fault.kind == "error":
        return f"{fault.code} {fault.error}"
    if fault.kind == "drop":
        _cut(server)
    await asyncio.sleep(fault.seconds if fault.kind == "delay" else fault.seconds or HANG_SECONDS)
    if fault.kind == "hang":
        _cut(server)
    return None


def _cut(server: Any) -> None:
    """End the connection without a word; the library then cancels what it was doing."""
    if server.transport is not None:
        server.transport.abort()
