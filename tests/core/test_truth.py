"""Whether a post still shows what we sent."""

from publisher.core.editions import Edition, MediaKind, MediaRef, Message
from publisher.core.richtext import RichText
from publisher.core.states import PostState
from publisher.core.truth import CHECK_AFTER, compare_post, next_check

PICTURE = MediaRef(sha256="ab" * 32, kind=MediaKind.PHOTO, mime="image/jpeg", name="a.jpg", size=9)
ALBUM = Edition(messages=(Message(text=RichText(text="Подпись"), media=(PICTURE, PICTURE)),))


def test_an_album_stands_when_its_first_picture_has_the_caption() -> None:
    assert compare_post(ALBUM, ["Подпись", ""]) is PostState.LIVE


def test_white_space_at_the_ends_is_no_change() -> None:
    assert compare_post(ALBUM, ["  Подпись\n", ""]) is PostState.LIVE


def test_another_text_or_a_lost_picture_is_a_change() -> None:
    assert compare_post(ALBUM, ["Другая подпись", ""]) is PostState.ALTERED
    assert compare_post(ALBUM, ["Подпись", None]) is PostState.ALTERED


def test_a_post_without_any_element_is_missing() -> None:
    assert compare_post(ALBUM, [None, None]) is PostState.MISSING


def test_a_post_is_read_three_times() -> None:
    assert [next_check(n) for n in range(4)] == [*CHECK_AFTER, None]
