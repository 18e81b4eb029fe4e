"""MTProto on the server's side: framing, handshake, encryption (core.telegram.org/mtproto, version 2)."""

import asyncio
import logging
import os
import struct
import time
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import sha1, sha256
from typing import Any, Protocol

import rsa
from telethon.crypto import AES, AuthKey
from telethon.crypto.rsa import get_byte_array
from telethon.errors.common import TypeNotFoundError
from telethon.extensions import BinaryReader
from telethon.helpers import generate_key_data_from_nonce
from telethon.tl import TLObject, functions, types
from telethon.tl.core import GzipPacked, MessageContainer

log = logging.getLogger(__name__)

RPC_RESULT, VECTOR = 0xF35C6D01, 0x1CB5C415
LONGEST_FRAME = 4 * 1024 * 1024
# RFC 3526, group 14: a safe prime of 2,048 bits with the generator 2.
DH_PRIME = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AACAA68FFFFFFFFFFFFFFFF",
    16,
)


class Hangup(Exception):
    """The server closes the link, on purpose or because the client broke the protocol."""


class Keys(Protocol):
    """Where auth keys are kept."""

    rsa: rsa.PrivateKey

    def find_key(self, key_id: int) -> bytes | None:
        """The auth key with this id."""

    def add_key(self, key_id: int, key: bytes) -> None:
        """Keep a key from a handshake."""


# Answers one request: the auth key's id and the request to the bytes of its result; None for no answer.
Answer = Callable[[int, TLObject], Awaitable[bytes | None]]


def serialize(value: Any) -> bytes:
    """A result as it goes over the wire: an object, a list as a vector, or a truth value."""
    if isinstance(value, bool):
        return bytes.fromhex("b5757299" if value else "379779bc")
    if isinstance(value, list):
        return struct.pack("<II", VECTOR, len(value)) + b"".join(bytes(item) for item in value)
    return bytes(value)


@dataclass(slots=True)
class Connection:
    """One client's link."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    keys: Keys
    answer: Answer
    fingerprint: int
    _sequence: int = 0
    _last_id: int = 0
    _key: bytes = b""
    _key_id: int = 0
    _session: int = 0
    _handshake: dict[str, Any] = field(default_factory=dict)
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    async def run(self) -> None:
        """Serve until either side hangs up."""
        try:
            while True:
                await self._receive(await self._read_frame())
        except (asyncio.IncompleteReadError, ConnectionError, Hangup):
            pass
        except Exception:
            # The rim of one link: whatever a client sends, the others go on.
            log.info("a client broke the protocol", exc_info=True)
        finally:
            for task in self._tasks:
                task.cancel()
            self.writer.transport.abort()

    async def _read_frame(self) -> bytes:
        """Length, number, payload, CRC-32: the full transport."""
        head = await self.reader.readexactly(8)
        length = struct.unpack_from("<I", head)[0]
        if not 12 < length <= LONGEST_FRAME:
            raise Hangup
        rest = await self.reader.readexactly(length - 8)
        if zlib.crc32(head + rest[:-4]) != struct.unpack_from("<I", rest, len(rest) - 4)[0]:
            raise Hangup
        return rest[:-4]

    def _write_frame(self, payload: bytes) -> None:
        frame = struct.pack("<II", len(payload) + 12, self._sequence) + payload
        self._sequence += 1
        self.writer.write(frame + struct.pack("<I", zlib.crc32(frame)))

    async def _receive(self, payload: bytes) -> None:
        key_id = struct.unpack_from("<Q", payload)[0]
        if key_id == 0:
            with BinaryReader(payload[20:]) as reader:
                request = reader.tgread_object()
            self._shake_hands(request)
            return
        if key_id != self._key_id:
            key = self.keys.find_key(key_id)
            if key is None:
                self._write_frame(struct.pack("<i", -404))
                raise Hangup
            self._key, self._key_id = key, key_id
        message = self._decrypt(payload)
        self._session = struct.unpack_from("<q", message, 8)[0]
        message_id, _, length = struct.unpack_from("<qii", message, 16)
        self._take(message_id, message[32 : 32 + length])

    def _take(self, message_id: int, body: bytes) -> None:
        try:
            with BinaryReader(body) as reader:
                received = reader.tgread_object()
        except TypeNotFoundError:
            error = types.RpcError(error_code=400, error_message="INPUT_METHOD_INVALID")
            self._send_result(message_id, bytes(error))
            return
        self._open(message_id, received)

    def _open(self, message_id: int, received: Any) -> None:
        match received:
            case MessageContainer():
                for message in received.messages:
                    self._open(message.msg_id, message.obj)
            case GzipPacked():
                self._take(message_id, received.data)
            case types.MsgsAck():
                return
            case functions.PingRequest() | functions.PingDelayDisconnectRequest():
                self._send(bytes(types.Pong(msg_id=message_id, ping_id=received.ping_id)), reply=True)
            case _:
                task = asyncio.ensure_future(self._reply(message_id, received))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _reply(self, message_id: int, request: Any) -> None:
        try:
            result = await self.answer(self._key_id, request)
        except Hangup:
            self.writer.transport.abort()
            return
        if result is not None:
            self._send_result(message_id, result)

    def _send_result(self, message_id: int, result: bytes) -> None:
        self._send(struct.pack("<Iq", RPC_RESULT, message_id) + result, reply=True)

    def _send(self, body: bytes, *, reply: bool) -> None:
        head = struct.pack("<qqqii", 0, self._session, self._message_id(reply), 1, len(body))
        self._write_frame(self._encrypt(head + body))

    def _message_id(self, reply: bool) -> int:
        now = time.time()
        new = int(now) << 32 | int(now % 1 * 1e9) << 2 | (1 if reply else 3)
        if new <= self._last_id:
            new = self._last_id + 4
        self._last_id = new
        return new

    def _encrypt(self, data: bytes) -> bytes:
        data += os.urandom(-(len(data) + 12) % 16 + 12)
        message_key = sha256(self._key[96:128] + data).digest()[8:24]
        key, iv = _derive(self._key, message_key, 8)
        sealed: bytes = AES.encrypt_ige(data, key, iv)
        return struct.pack("<Q", self._key_id) + message_key + sealed

    def _decrypt(self, payload: bytes) -> bytes:
        message_key = payload[8:24]
        key, iv = _derive(self._key, message_key, 0)
        data: bytes = AES.decrypt_ige(payload[24:], key, iv)
        if sha256(self._key[88:120] + data).digest()[8:24] != message_key:
            raise Hangup
        return data

    def _shake_hands(self, request: Any) -> None:
        match request:
            case functions.ReqPqMultiRequest():
                answer = self._offer_pq(request)
            case functions.ReqDHParamsRequest():
                answer = self._offer_dh(request)
            case functions.SetClientDHParamsRequest():
                answer = self._agree(request)
            case _:
                raise Hangup
        body = bytes(answer)
        self._write_frame(struct.pack("<qqi", 0, self._message_id(True), len(body)) + body)

    def _offer_pq(self, request: Any) -> types.ResPQ:
        server_nonce = int.from_bytes(os.urandom(16), "big", signed=True)
        self._handshake = {"nonce": request.nonce, "server_nonce": server_nonce}
        # Two primes whose product stays under 63 bits: Telethon reads it signed.
        product = 1_073_741_789 * 1_073_741_783
        return types.ResPQ(
            nonce=request.nonce,
            server_nonce=server_nonce,
            pq=product.to_bytes(8, "big"),
            server_public_key_fingerprints=[self.fingerprint],
        )

    def _offer_dh(self, request: Any) -> types.ServerDHParamsOk:
        number = int.from_bytes(request.encrypted_data, "big")
        key = self.keys.rsa
        plain = pow(number, key.d, key.n).to_bytes(255, "big")
        with BinaryReader(plain[20:]) as reader:
            inner = reader.tgread_object()
        a = int.from_bytes(os.urandom(256), "big")
        self._handshake |= {"new_nonce": inner.new_nonce, "a": a}
        answer = bytes(
            types.ServerDHInnerData(
                nonce=self._handshake["nonce"],
                server_nonce=self._handshake["server_nonce"],
                g=2,
                dh_prime=get_byte_array(DH_PRIME),
                g_a=get_byte_array(pow(2, a, DH_PRIME)),
                server_time=int(time.time()),
            )
        )
        signed = sha1(answer).digest() + answer  # noqa: S324 - the protocol's own hash
        signed += os.urandom(-len(signed) % 16)
        key_iv = generate_key_data_from_nonce(self._handshake["server_nonce"], inner.new_nonce)
        self._handshake["key_iv"] = key_iv
        return types.ServerDHParamsOk(
            nonce=self._handshake["nonce"],
            server_nonce=self._handshake["server_nonce"],
            encrypted_answer=AES.encrypt_ige(signed, *key_iv),
        )

    def _agree(self, request: Any) -> types.DhGenOk:
        plain = AES.decrypt_ige(request.encrypted_data, *self._handshake["key_iv"])
        with BinaryReader(plain[20:]) as reader:
            inner = reader.tgread_object()
        shared = pow(int.from_bytes(inner.g_b, "big"), self._handshake["a"], DH_PRIME)
        key = AuthKey(get_byte_array(shared))
        self.keys.add_key(key.key_id, key.key)
        return types.DhGenOk(
            nonce=self._handshake["nonce"],
            server_nonce=self._handshake["server_nonce"],
            new_nonce_hash1=key.calc_new_nonce_hash(self._handshake["new_nonce"], 1),
        )


def _derive(auth_key: bytes, message_key: bytes, x: int) -> tuple[bytes, bytes]:
    """AES key and IV of a message; x is 0 towards the server and 8 towards the client."""
    a = sha256(message_key + auth_key[x : x + 36]).digest()
    b = sha256(auth_key[x + 40 : x + 76] + message_key).digest()
    return a[:8] + b[8:24] + a[24:], b[:8] + a[8:24] + b[24:]
