"""What Telegram answers to a bot: the methods, as strict as the real ones."""

import asyncio
import io
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from PIL import Image
from telethon.tl import functions, types

from publisher.sandbox.audience import Readers
from publisher.sandbox.faults import Faults
from publisher.sandbox.limits import Limits
from publisher.sandbox.mtproto import Connection, Hangup, serialize
from publisher.sandbox.uploads import Uploads
from publisher.sandbox.world import Bot, Channel, Media, Post, World

TEXT_LIMIT, CAPTION_LIMIT, PART_LIMIT = 4096, 1024, 512 * 1024
DELETE_WITHIN = 48 * 3600
HANG_SECONDS = 3600
PHOTO_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}

# Some of what only people may call; the sandbox lacks the rest of what bots may.
USERS_ONLY = {
    "messages.getHistory", "messages.search", "messages.getMessagesViews", "messages.getScheduledHistory",
    "messages.getDialogs", "channels.getAdminLog", "channels.joinChannel", "channels.createChannel",
    "contacts.getContacts", "channels.searchPosts",
}  # fmt: skip
# Numbers of help.getConfig that say nothing to a bot.
UNUSED_NUMBERS = (
    "chat_size_max", "megagroup_size_max", "forwarded_count_max", "online_update_period_ms",
    "offline_blur_timeout_ms", "offline_idle_timeout_ms", "online_cloud_timeout_ms", "notify_cloud_delay_ms",
    "notify_default_delay_ms", "push_chat_period_ms", "push_chat_limit", "edit_time_limit",
    "revoke_time_limit", "revoke_pm_time_limit", "rating_e_decay", "stickers_recent_limit",
    "channels_read_media_period", "call_receive_timeout_ms", "call_ring_timeout_ms",
    "call_connect_timeout_ms", "call_packet_timeout_ms",
)  # fmt: skip

f = functions
Handler = Callable[["Telegram", Bot, Any], Any]


class RpcError(Exception):
    """An error of the API: code and name."""

    def __init__(self, code: int, name: str) -> None:
        super().__init__(name)
        self.code = code
        self.name = name


class Telegram:
    """One server for all bots."""

    def __init__(self, world: World, faults: Faults, host: str, port: int) -> None:
        self.world = world
        self.faults = faults
        self.limits = Limits()
        self.readers = Readers(world.seed)
        self.host = host
        self.port = port
        self.uploads = Uploads()
        self._links: set[asyncio.StreamWriter] = set()

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one link until it ends."""
        if self.faults.offline:
            writer.transport.abort()
            return
        self._links.add(writer)
        try:
            await Connection(reader, writer, self.world, self.answer, self.world.fingerprint).run()
        finally:
            self._links.discard(writer)

    def turn(self, switch: str, *, on: bool) -> None:
        """Switch the limits on or off, or the whole network: then all links drop and none is taken."""
        setattr(self.faults, switch, on)
        if self.faults.offline:
            for writer in self._links:
                writer.transport.abort()

    async def answer(self, key_id: int, request: Any) -> bytes | None:
        """The bytes of a result, or of an error; None for silence. Raises Hangup to drop the link."""
        request = _unwrapped(request)
        method, bot, channel = method_name(request), self.world.bot_of(key_id), self._channel_of(request)
        handle = channel.handle if channel else None
        if self.faults.latency:
            await asyncio.sleep(self.faults.latency)
        fault = self.faults.strike(method, handle)
        entry = {
            "at": time.time(),
            "method": method,
            "account": bot.id if bot else None,
            "channel": handle,
            "random_ids": _random_ids(request),
        }
        if fault and fault.when == "before":
            if fault.kind != "delay":
                self.faults.note(**entry, applied=False, answered=fault.kind)
                return await self._misbehave(fault)
            await asyncio.sleep(fault.seconds)
        result, outcome = await self._carry_out(key_id, bot, request, method)
        struck = fault if fault and fault.when == "after" else None
        self.faults.note(**entry, applied=outcome == "ok", answered=struck.kind if struck else outcome)
        if struck and struck.kind != "delay":
            return await self._misbehave(struck)
        if struck:
            await asyncio.sleep(struck.seconds)
        return result

    async def _carry_out(self, key_id: int, bot: Bot | None, request: Any, method: str) -> tuple[bytes, str]:
        """The answer and, for the log, what it was. What it changed outlives the process by then."""
        try:
            result = serialize(self._apply(key_id, bot, request, method))
            await self.world.kept()
        except RpcError as error:
            return _rpc_error(error.code, error.name), error.name
        except sqlite3.Error as error:
            # It stands, and may be forgotten: whoever asked has to look.
            return _rpc_error(500, "SANDBOX_CANNOT_KEEP"), repr(error)
        except Exception as error:  # noqa: BLE001 - a dropped link would make clients reconnect in a tight loop
            return _rpc_error(400, f"SANDBOX_{type(error).__name__.upper()}"), repr(error)
        return result, "ok"

    async def _misbehave(self, fault: Any) -> bytes | None:
        if fault.kind == "hang":
            await asyncio.sleep(fault.seconds or HANG_SECONDS)
            return None
        if fault.kind == "drop":
            raise Hangup
        return _rpc_error(fault.code, fault.error)

    def _apply(self, key_id: int, bot: Bot | None, request: Any, method: str) -> Any:
        if isinstance(request, f.help.GetConfigRequest):
            return self._config()
        if isinstance(request, f.auth.ImportBotAuthorizationRequest):
            return self._sign_in(key_id, request)
        if bot is None or bot.revoked:
            raise RpcError(401, "AUTH_KEY_UNREGISTERED")
        handler = METHODS.get(type(request))
        if handler is None:
            raise RpcError(400, "BOT_METHOD_INVALID" if is_for_users(method) else "METHOD_INVALID")
        return handler(self, bot, request)

    def _channel_of(self, request: Any) -> Channel | None:
        peer = getattr(request, "peer", None) or getattr(request, "channel", None)
        number = getattr(peer, "channel_id", None)
        return self.world.channels.get(number) if number is not None else None

    # Signing in

    def _config(self) -> Any:
        option = types.DcOption(id=2, ip_address=self.host, port=self.port, static=True)
        now = int(time.time())
        numbers = dict.fromkeys(UNUSED_NUMBERS, 100)
        return types.Config(
            date=now,
            expires=now + 3600,
            test_mode=False,
            this_dc=2,
            dc_options=[option],
            dc_txt_domain_name="",
            me_url_prefix="https://t.me/",
            caption_length_max=CAPTION_LIMIT,
            message_length_max=TEXT_LIMIT,
            webfile_dc_id=2,
            **numbers,
        )

    def _sign_in(self, key_id: int, request: Any) -> Any:
        for bot in self.world.bots.values():
            if bot.token == request.bot_auth_token:
                if bot.revoked:
                    break
                if (bot.api_id, bot.api_hash) != (request.api_id, request.api_hash):
                    raise RpcError(400, "API_ID_INVALID")
                self.world.sign_in(key_id, bot.id)
                return types.auth.Authorization(user=self.user(bot))
        raise RpcError(400, "ACCESS_TOKEN_INVALID")

    def user(self, bot: Bot) -> Any:
        """The bot as its own client sees it."""
        return types.User(
            id=bot.id,
            is_self=True,
            bot=True,
            bot_info_version=1,
            access_hash=self.world.access_hash(bot.id, bot.id),
            first_name=bot.name,
            username=f"bot{bot.id}_bot",
        )

    # Channels

    def channel(self, bot: Bot, peer: Any) -> Channel:
        """The channel that a request names, with the access hash that this account was given."""
        found = self.world.channels.get(getattr(peer, "channel_id", 0))
        if found is None or peer.access_hash != self.world.access_hash(bot.id, found.id):
            raise RpcError(400, "CHANNEL_INVALID")
        if found.private and bot.id not in found.rights:
            raise RpcError(400, "CHANNEL_PRIVATE")
        return found

    def allowed(self, bot: Bot, peer: Any, right: str) -> Channel:
        """The same, where the account has the right."""
        found = self.channel(bot, peer)
        if not found.rights.get(bot.id, {}).get(right):
            raise (
                RpcError(403, "CHAT_WRITE_FORBIDDEN")
                if right == "post"
                else RpcError(400, "CHAT_ADMIN_REQUIRED")
            )
        return found

    def describe(self, bot: Bot, channel: Channel) -> Any:
        """A channel as the account sees it."""
        rights = channel.rights.get(bot.id)
        admin = rights and types.ChatAdminRights(
            post_messages=rights["post"],
            edit_messages=rights["edit"],
            delete_messages=rights["delete"],
            other=True,
        )
        return types.Channel(
            id=channel.id,
            title=channel.title,
            photo=types.ChatPhotoEmpty(),
            date=int(channel.counted_at),
            broadcast=True,
            access_hash=self.world.access_hash(bot.id, channel.id),
            username=channel.handle,
            admin_rights=admin or None,
            left=rights is None or None,
        )

    def count(self, channel: Channel) -> int:
        """Subscribers now."""
        return self.readers.count(channel, time.time())

    # Messages

    def message(self, bot: Bot, channel: Channel, post: Post) -> Any:
        """A post as the account sees it."""
        if post.deleted_at is not None:
            return types.MessageEmpty(id=post.id, peer_id=None)
        earned = self.readers.impression(channel, post, time.time())
        counted = [
            types.ReactionCount(reaction=types.ReactionEmoji(emoticon=emoji), count=count)
            for emoji, count in earned.reactions.items()
            if count
        ]
        return types.Message(
            id=post.id,
            peer_id=types.PeerChannel(channel.id),
            date=post.date,
            message=post.text,
            out=True,
            post=True,
            silent=post.silent or None,
            pinned=post.pinned or None,
            entities=_entities(post) or None,
            media=self._media(bot, post),
            views=earned.views,
            forwards=earned.forwards,
            edit_date=post.edit_date,
            grouped_id=post.grouped_id,
            reactions=types.MessageReactions(results=counted) if counted else None,
        )

    def _media(self, bot: Bot, post: Post) -> Any:
        if post.media is None:
            return None
        media = Media(**post.media)
        hash_ = self.world.access_hash(bot.id, media.id)
        if media.kind == "photo":
            return types.MessageMediaPhoto(photo=_photo(media, hash_))
        return types.MessageMediaDocument(document=_document(media, hash_))

    def sent(self, bot: Bot, channel: Channel, posts: Sequence[Post], *, again: bool) -> Any:
        """The answer to a send: ids by random_id, then the messages."""
        ids = [types.UpdateMessageID(id=post.id, random_id=post.random_id) for post in posts]
        new = [
            types.UpdateNewChannelMessage(
                message=self.message(bot, channel, post), pts=channel.pts, pts_count=0 if again else 1
            )
            for post in posts
        ]
        return types.Updates(
            updates=[*ids, *new], users=[], chats=[self.describe(bot, channel)], date=int(time.time()), seq=0
        )

    def put_up(self, bot: Bot, channel: Channel, drafts: Sequence[Post]) -> Any:
        """Put posts up, or answer that they are up already."""
        known = [channel.randoms.get((bot.id, draft.random_id)) for draft in drafts]
        if all(known):
            if self.faults.duplicates == "error":
                raise RpcError(500, "RANDOM_ID_DUPLICATE")
            return self.sent(bot, channel, [channel.posts[i] for i in known if i], again=True)
        if any(known) or len({draft.random_id for draft in drafts}) < len(drafts):
            raise RpcError(500, "RANDOM_ID_DUPLICATE")
        if self.faults.limits and (
            wait := self.limits.wait(bot.id, channel.id, len(drafts), time.monotonic())
        ):
            raise RpcError(420, f"FLOOD_WAIT_{wait}")
        for draft in drafts:
            draft.id = self.world.next_post_id(channel)
            self.world.add_post(channel, draft)
        return self.sent(bot, channel, drafts, again=False)


def _unwrapped(request: Any) -> Any:
    while isinstance(
        request, f.InvokeWithLayerRequest | f.InitConnectionRequest | f.InvokeWithoutUpdatesRequest
    ):
        request = request.query
    return request


def _rpc_error(code: int, name: str) -> bytes:
    return bytes(types.RpcError(error_code=code, error_message=name))


def method_name(request: Any) -> str:
    """A request's name as the API writes it: messages.sendMessage."""
    module = type(request).__module__.rsplit(".", 1)[-1]
    name = type(request).__name__.removesuffix("Request")
    name = name[0].lower() + name[1:]
    return name if module == "functions" else f"{module}.{name}"


def is_for_users(method: str) -> bool:
    """Whether the real network lets only people call it."""
    return method in USERS_ONLY or method.startswith("stats.")


def _random_ids(request: Any) -> list[int]:
    if isinstance(request, f.messages.SendMultiMediaRequest):
        return [single.random_id for single in request.multi_media]
    number = getattr(request, "random_id", None)
    return [number] if number else []


def length(text: str) -> int:
    """UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def _draft(bot: Bot, request: Any, text: str, entities: Any, random_id: int) -> Post:
    if not random_id:
        raise RpcError(400, "RANDOM_ID_EMPTY")
    if request.schedule_date is not None:
        raise RpcError(400, "SCHEDULE_BOT_NOT_ALLOWED")
    return Post(
        id=0,
        date=int(time.time()),
        text=text.strip(),
        entities=check_entities(text, entities or []),
        silent=bool(request.silent),
        no_webpage=bool(getattr(request, "no_webpage", False)),
        random_id=random_id,
        bot=bot.id,
    )


def check_entities(text: str, entities: Sequence[Any]) -> list[dict[str, Any]]:
    """Entities in stored form, of the text without the blanks around it.

    Raises ENTITY_BOUNDS_INVALID outside the text or through a surrogate pair.
    """
    places = _places(text)
    lead, end = length(text) - length(text.lstrip()), length(text.rstrip())
    stored = []
    for entity in entities:
        last = entity.offset + entity.length
        if entity.length <= 0 or entity.offset not in places or last not in places:
            raise RpcError(400, "ENTITY_BOUNDS_INVALID")
        start, last = max(entity.offset, lead), min(last, end)
        if start < last:
            stored.append(_stored_entity(entity, start - lead, last - start))
    return stored


def _places(text: str) -> set[int]:
    """Where characters begin and end, in UTF-16 units."""
    places, place = {0}, 0
    for char in text:
        place += 2 if ord(char) > 0xFFFF else 1
        places.add(place)
    return places


def _stored_entity(entity: Any, offset: int, units: int) -> dict[str, Any]:
    values = {key: value for key, value in entity.to_dict().items() if value is not None}
    kind = values.pop("_").removeprefix("MessageEntity")
    return {"type": kind[0].lower() + kind[1:], **values, "offset": offset, "length": units}


def _entities(post: Post) -> list[Any]:
    built = []
    for entity in post.entities:
        values = {key: value for key, value in entity.items() if key != "type"}
        name = "MessageEntity" + entity["type"][0].upper() + entity["type"][1:]
        built.append(getattr(types, name)(**values))
    return built


def _photo(media: Media, access_hash: int) -> Any:
    size = types.PhotoSize(type="x", w=media.width, h=media.height, size=media.size)
    return types.Photo(
        id=media.id, access_hash=access_hash, file_reference=b"ref", date=0, sizes=[size], dc_id=2
    )


def _document(media: Media, access_hash: int) -> Any:
    return types.Document(
        id=media.id,
        access_hash=access_hash,
        file_reference=b"ref",
        date=0,
        mime_type=media.mime,
        size=media.size,
        dc_id=2,
        attributes=[types.DocumentAttributeFilename(file_name=media.name)],
    )


def _get_users(server: Telegram, bot: Bot, _request: Any) -> Any:
    return [server.user(bot)]


def _get_state(_server: Telegram, _bot: Bot, _request: Any) -> Any:
    return types.updates.State(pts=1, qts=0, date=int(time.time()), seq=0, unread_count=0)


def _get_difference(_server: Telegram, _bot: Bot, _request: Any) -> Any:
    return types.updates.DifferenceEmpty(date=int(time.time()), seq=0)


def _resolve_username(server: Telegram, bot: Bot, request: Any) -> Any:
    channel = server.world.handles.get(request.username.lower())
    if channel is None or (channel.private and bot.id not in channel.rights):
        raise RpcError(400, "USERNAME_NOT_OCCUPIED")
    return types.contacts.ResolvedPeer(
        peer=types.PeerChannel(channel.id), chats=[server.describe(bot, channel)], users=[]
    )


def _get_channels(server: Telegram, bot: Bot, request: Any) -> Any:
    found = [server.describe(bot, server.channel(bot, peer)) for peer in request.id]
    return types.messages.Chats(chats=found)


def _get_full_channel(server: Telegram, bot: Bot, request: Any) -> Any:
    channel = server.channel(bot, request.channel)
    full = types.ChannelFull(
        id=channel.id,
        about=channel.about,
        read_inbox_max_id=0,
        read_outbox_max_id=0,
        unread_count=0,
        chat_photo=types.PhotoEmpty(id=0),
        notify_settings=types.PeerNotifySettings(),
        bot_info=[],
        pts=channel.pts,
        participants_count=server.count(channel),
    )
    return types.messages.ChatFull(full_chat=full, chats=[server.describe(bot, channel)], users=[])


def _get_participant(server: Telegram, bot: Bot, request: Any) -> Any:
    channel = server.channel(bot, request.channel)
    if bot.id not in channel.rights:
        raise RpcError(400, "USER_NOT_PARTICIPANT")
    described = server.describe(bot, channel)
    participant = types.ChannelParticipantAdmin(
        user_id=bot.id, promoted_by=bot.id, date=0, admin_rights=described.admin_rights
    )
    return types.channels.ChannelParticipant(
        participant=participant, chats=[described], users=[server.user(bot)]
    )


def _send_message(server: Telegram, bot: Bot, request: Any) -> Any:
    channel = server.allowed(bot, request.peer, "post")
    if not request.message.strip():
        raise RpcError(400, "MESSAGE_EMPTY")
    if length(request.message.strip()) > TEXT_LIMIT:
        raise RpcError(400, "MESSAGE_TOO_LONG")
    return server.put_up(
        bot, channel, [_draft(bot, request, request.message, request.entities, request.random_id)]
    )


def _send_media(server: Telegram, bot: Bot, request: Any) -> Any:
    channel = server.allowed(bot, request.peer, "post")
    _check_caption(request.message)
    draft = _draft(bot, request, request.message, request.entities, request.random_id)
    if (bot.id, draft.random_id) not in channel.randoms:
        draft.media = asdict(_stored(server, bot, request.media))
    return server.put_up(bot, channel, [draft])


def _send_multi_media(server: Telegram, bot: Bot, request: Any) -> Any:
    channel = server.allowed(bot, request.peer, "post")
    if not 2 <= len(request.multi_media) <= 10:
        raise RpcError(400, "MULTI_MEDIA_TOO_LONG")
    drafts = []
    group = int(time.time() * 1e6) + channel.id
    for single in request.multi_media:
        _check_caption(single.message)
        draft = _draft(bot, request, single.message, single.entities, single.random_id)
        if isinstance(single.media, types.InputMediaUploadedPhoto | types.InputMediaUploadedDocument):
            # An album takes only what messages.uploadMedia has stored.
            raise RpcError(400, "MEDIA_INVALID")
        draft.media = asdict(_stored(server, bot, single.media))
        draft.grouped_id = group
        drafts.append(draft)
    if len({draft.media["kind"] == "document" for draft in drafts if draft.media}) > 1:
        raise RpcError(400, "MEDIA_INVALID")
    return server.put_up(bot, channel, drafts)


def _upload_media(server: Telegram, bot: Bot, request: Any) -> Any:
    media = _stored(server, bot, request.media)
    access_hash = server.world.access_hash(bot.id, media.id)
    if media.kind == "photo":
        return types.MessageMediaPhoto(photo=_photo(media, access_hash))
    return types.MessageMediaDocument(document=_document(media, access_hash))


def _check_caption(text: str) -> None:
    if length(text.strip()) > CAPTION_LIMIT:
        raise RpcError(400, "MEDIA_CAPTION_TOO_LONG")


def _stored(server: Telegram, bot: Bot, media: Any) -> Media:
    """The file that an input names: uploaded now, or stored before."""
    match media:
        case types.InputMediaPhoto() | types.InputMediaDocument():
            known = server.world.media.get(media.id.id)
            if known is None or media.id.access_hash != server.world.access_hash(bot.id, known.id):
                raise RpcError(400, "MEDIA_INVALID")
            return known
        case types.InputMediaUploadedPhoto() | types.InputMediaUploadedDocument():
            known = server.uploads.find(bot.id, media.file.id)
            return known or server.uploads.close(bot.id, media.file.id, _store(server, bot, media))
    raise RpcError(400, "MEDIA_INVALID")


def _store(server: Telegram, bot: Bot, media: Any) -> Media:
    """Keep an uploaded file as what the input says it is."""
    data = server.uploads.join(bot.id, media.file.id, media.file.parts)
    if data is None:
        raise RpcError(400, "FILE_PARTS_INVALID")
    if isinstance(media, types.InputMediaUploadedPhoto):
        mime, size = _check_photo(data)
        return server.world.add_media(data, "photo", mime, media.file.name, size)
    kind = "video" if media.mime_type.startswith("video/") else "document"
    names = [a.file_name for a in media.attributes if isinstance(a, types.DocumentAttributeFilename)]
    return server.world.add_media(data, kind, media.mime_type, names[0] if names else media.file.name, (0, 0))


def _check_photo(data: bytes) -> tuple[str, tuple[int, int]]:
    """What the picture is, by its content, and its size."""
    try:
        with Image.open(io.BytesIO(data), formats=list(PHOTO_TYPES)) as image:
            mime, (width, height) = PHOTO_TYPES[image.format or ""], image.size
    except OSError as error:
        raise RpcError(400, "IMAGE_PROCESS_FAILED") from error
    except Image.DecompressionBombError as error:
        raise RpcError(400, "PHOTO_INVALID_DIMENSIONS") from error
    if len(data) > 10_000_000:
        raise RpcError(400, "PHOTO_SAVE_FILE_INVALID")
    if width + height > 10_000 or max(width, height) > 20 * min(width, height):
        raise RpcError(400, "PHOTO_INVALID_DIMENSIONS")
    return mime, (width, height)


def _save_part(server: Telegram, bot: Bot, request: Any) -> Any:
    if len(request.bytes) > PART_LIMIT:
        raise RpcError(400, "FILE_PART_TOO_BIG")
    server.uploads.save(bot.id, request.file_id, request.file_part, request.bytes)
    return True


def _edit_message(server: Telegram, bot: Bot, request: Any) -> Any:
    channel = server.allowed(bot, request.peer, "edit")
    post = channel.posts.get(request.id)
    if post is None or post.deleted_at is not None:
        raise RpcError(400, "MESSAGE_ID_INVALID")
    text = post.text if request.message is None else request.message
    limit, error = (
        (CAPTION_LIMIT, "MEDIA_CAPTION_TOO_LONG") if post.media else (TEXT_LIMIT, "MESSAGE_TOO_LONG")
    )
    if length(text.strip()) > limit:
        raise RpcError(400, error)
    if not text.strip() and not post.media:
        raise RpcError(400, "MESSAGE_EMPTY")
    entities = check_entities(text, request.entities or [])
    media = post.media
    if request.media is not None:
        stored = _stored(server, bot, request.media)
        if media is None or (stored.kind == "document") != (media["kind"] == "document"):
            raise RpcError(400, "MEDIA_PREV_INVALID")
        media = asdict(stored)
    same_media = (media and media["sha256"]) == (post.media and post.media["sha256"])
    if text.strip() == post.text and entities == post.entities and same_media:
        raise RpcError(400, "MESSAGE_NOT_MODIFIED")
    post.text, post.entities, post.media, post.edit_date = text.strip(), entities, media, int(time.time())
    channel.pts += 1
    server.world.keep_post(channel, post)
    update = types.UpdateEditChannelMessage(
        message=server.message(bot, channel, post), pts=channel.pts, pts_count=1
    )
    return types.Updates(
        updates=[update], users=[], chats=[server.describe(bot, channel)], date=int(time.time()), seq=0
    )


def _delete_messages(server: Telegram, bot: Bot, request: Any) -> Any:
    channel = server.allowed(bot, request.channel, "delete")
    posts = [
        channel.posts[i] for i in request.id if i in channel.posts and channel.posts[i].deleted_at is None
    ]
    now = int(time.time())
    if any(now - post.date > DELETE_WITHIN for post in posts):
        raise RpcError(403, "MESSAGE_DELETE_FORBIDDEN")
    for post in posts:
        post.deleted_at = now
        channel.pts += 1
        server.world.keep_post(channel, post)
    return types.messages.AffectedMessages(pts=channel.pts, pts_count=len(posts))


def _get_messages(server: Telegram, bot: Bot, request: Any) -> Any:
    channel = server.channel(bot, request.channel)
    if len(request.id) > 100:
        raise RpcError(400, "MSG_ID_INVALID")
    found = []
    for wanted in request.id:
        post = channel.posts.get(wanted.id)
        found.append(
            server.message(bot, channel, post) if post else types.MessageEmpty(id=wanted.id, peer_id=None)
        )
    return types.messages.ChannelMessages(
        pts=channel.pts,
        count=len(found),
        messages=found,
        topics=[],
        chats=[server.describe(bot, channel)],
        users=[],
    )


def _pin(server: Telegram, bot: Bot, request: Any) -> Any:
    channel = server.allowed(bot, request.peer, "edit")
    post = channel.posts.get(request.id)
    if post is None or post.deleted_at is not None:
        raise RpcError(400, "MESSAGE_ID_INVALID")
    post.pinned = not request.unpin
    server.world.keep_post(channel, post)
    return types.Updates(updates=[], users=[], chats=[], date=int(time.time()), seq=0)


METHODS: dict[type, Handler] = {
    f.users.GetUsersRequest: _get_users,
    f.updates.GetStateRequest: _get_state,
    f.updates.GetDifferenceRequest: _get_difference,
    f.contacts.ResolveUsernameRequest: _resolve_username,
    f.channels.GetChannelsRequest: _get_channels,
    f.channels.GetFullChannelRequest: _get_full_channel,
    f.channels.GetParticipantRequest: _get_participant,
    f.channels.DeleteMessagesRequest: _delete_messages,
    f.channels.GetMessagesRequest: _get_messages,
    f.messages.SendMessageRequest: _send_message,
    f.messages.SendMediaRequest: _send_media,
    f.messages.SendMultiMediaRequest: _send_multi_media,
    f.messages.UploadMediaRequest: _upload_media,
    f.messages.EditMessageRequest: _edit_message,
    f.messages.UpdatePinnedMessageRequest: _pin,
    f.upload.SaveFilePartRequest: _save_part,
    f.upload.SaveBigFilePartRequest: _save_part,
}
