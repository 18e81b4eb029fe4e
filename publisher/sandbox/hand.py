"""What a person does on the network itself, behind our backs."""

import time

from publisher.sandbox.world import Bot, Channel, Post, World


def change_bot(world: World, bot: Bot, act: str) -> None:
    """Revoke a bot's token, or restore it."""
    bot.revoked = act == "revoke"
    world.keep_bot(bot)


def change_post(
    world: World, channel: Channel, post: Post, act: str, *, text: str = "", hours: float = 0, draw: float = 1
) -> None:
    """Delete or edit a post; `age` makes it older by hours and draws so many more readers."""
    now = int(time.time())
    match act:
        case "delete":
            post.deleted_at = now
        case "edit":
            post.text, post.entities, post.edit_date = str(text), [], now
        case "age":
            post.date -= int(float(hours) * 3600)
            post.draw *= float(draw)
    world.keep_post(channel, post)
