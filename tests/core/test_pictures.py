"""What goes out is upright, sRGB, small enough, and hides nothing."""

import io
from typing import Any

import pytest
from PIL import Image

from publisher.core.filetypes import FileType
from publisher.core.pictures import MAX_BYTES, Picture, prepare_picture
from publisher.errors import RuleError
from tests import files

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


def prepare(content: bytes, max_megapixels: int = 80) -> Picture:
    return prepare_picture(content, "фото.jpg", max_megapixels)


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def close(found: Any, expected: tuple[int, int, int]) -> bool:
    return all(abs(a - b) <= 12 for a, b in zip(found, expected, strict=True))


def test_a_photo_stands_upright_without_its_metadata() -> None:
    original = files.telephone_photo()
    assert original.count(b"secret-") == 5
    picture = prepare(original)
    assert (picture.width, picture.height) == (480, 640)
    for content in (picture.content, picture.thumbnail):
        image = opened(content)
        assert b"secret" not in content
        assert not image.getexif()
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert image.info["jfif_density"] != (300, 300)
        # Turned a quarter to the right, the left half is on top.
        assert close(image.getpixel((100, 20)), RED)
        assert close(image.getpixel((100, image.height - 20)), BLUE)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_turned_upright(orientation: int) -> None:
    upright = Image.new("RGB", (40, 20), "white")
    upright.paste("red", (0, 0, 20, 10))
    # The inverse of what a viewer does; a quarter turn is its opposite quarter, the rest undo themselves.
    stored = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = upright.transpose(stored[orientation]) if orientation in stored else upright
    picture = prepare(files.saved(image, "PNG", exif=exif))
    assert (picture.width, picture.height) == (40, 20)
    assert opened(picture.content).getpixel((5, 5)) == RED
    assert opened(picture.content).getpixel((35, 15)) == WHITE


def test_colours_are_converted_when_the_picture_has_a_profile_of_its_own() -> None:
    red = Image.new("RGB", (32, 32), RED)
    picture = prepare(files.saved(red, "JPEG", quality=95, icc_profile=files.swapped_profile()))
    assert close(opened(picture.content).getpixel((10, 10)), BLUE)


def test_a_picture_is_kept_when_its_profile_is_damaged() -> None:
    picture = prepare(files.saved(files.halves(), "JPEG", quality=95, icc_profile=b"no profile at all"))
    assert close(opened(picture.content).getpixel((4, 4)), RED)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "PA"])
def test_transparency_is_laid_on_white(mode: str) -> None:
    image = Image.new("RGBA", (64, 48), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (0, 0, 32, 48))
    picture = prepare(files.saved(image.convert(mode) if mode != "PA" else image.quantize(4), "PNG"))
    assert picture.kind is FileType.PNG
    result = opened(picture.content)
    assert result.mode == "RGB"
    assert result.getpixel((60, 40)) == WHITE
    assert result.getpixel((4, 4)) == (0, 0, 0)


def test_a_transparent_colour_is_laid_on_white() -> None:
    picture = prepare(files.saved(files.halves(), "PNG", transparency=BLUE))
    assert opened(picture.content).getpixel((60, 40)) == WHITE
    assert opened(picture.content).getpixel((4, 4)) == RED


@pytest.mark.parametrize("depth", ["1", "L", "I;16", "P", "CMYK"])
def test_a_grey_is_the_same_grey_in_every_mode(depth: str) -> None:
    if depth == "I;16":
        image = Image.frombytes("I;16", (64, 64), (128 * 257).to_bytes(2, "little") * 64 * 64)
    else:
        image = Image.new("RGB", (64, 64), WHITE if depth == "1" else (128, 128, 128))
        image = image.quantize(2) if depth == "P" else image.convert(depth)
    content = files.saved(image, "JPEG" if depth == "CMYK" else "PNG")
    expected = 255 if depth == "1" else 128
    found = opened(prepare(content).content).getpixel((20, 20))
    assert close(found, (expected, expected, expected))


@pytest.mark.parametrize(("width", "height"), [(4000, 3000), (3000, 4000), (6000, 301)])
@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_large_picture_is_scaled_down_and_keeps_its_shape(width: int, height: int, form: str) -> None:
    picture = prepare(files.saved(files.halves(width, height), form))
    assert max(picture.width, picture.height) == 2560
    assert abs(picture.width / picture.height - width / height) < 0.1
    assert opened(picture.content).size == (picture.width, picture.height)
    assert max(opened(picture.thumbnail).size) == 480


def test_a_small_picture_is_not_scaled_up() -> None:
    picture = prepare(files.picture(64, 48))
    assert (picture.width, picture.height) == (64, 48)
    assert opened(picture.thumbnail).size == (64, 48)


def test_flat_graphics_stay_png_and_photos_become_jpeg() -> None:
    assert prepare(files.graphic(form="PNG")).kind is FileType.PNG
    assert prepare(files.graphic(form="GIF")).kind is FileType.PNG
    assert prepare(files.picture(400, 300, form="PNG")).kind is FileType.JPEG
    assert prepare(files.picture(form="WEBP")).kind is FileType.JPEG


def test_the_noisiest_picture_still_fits_the_networks() -> None:
    picture = prepare(files.picture(2560, 2560, quality=100, subsampling=0))
    assert len(picture.content) <= MAX_BYTES
    assert (picture.width, picture.height) == (2560, 2560)


def test_the_same_picture_gives_the_same_bytes() -> None:
    original = files.telephone_photo()
    assert prepare(original) == prepare(original)


def test_a_bomb_is_refused_when_only_its_header_was_read() -> None:
    # Nothing behind the header could be decoded: a refusal for damage would show that it was tried.
    for side in (9_000, 10_000, 30_000, 60_000):
        with pytest.raises(RuleError, match="too many pixels: 80 megapixels"):
            prepare(files.png_header(side, side))


def test_a_bomb_of_small_bytes_is_refused() -> None:
    content = files.bomb(12_000)
    assert len(content) < 20_000
    with pytest.raises(RuleError, match="too many pixels"):
        prepare(content)
    with pytest.raises(RuleError, match="too many pixels: 1 megapixels"):
        prepare(files.picture(1200, 900), max_megapixels=1)


def test_a_picture_too_long_for_the_networks_is_refused_with_its_sides() -> None:
    with pytest.raises(RuleError, match=r"2100 × 100: .* over 20 times"):
        prepare(files.picture(2100, 100))
    assert prepare(files.picture(2000, 100)).width == 2000


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP"])
def test_an_animation_is_refused(form: str) -> None:
    with pytest.raises(RuleError, match="animated"):
        prepare(files.animation(form))


def test_the_first_view_is_taken_when_a_telephone_stored_two() -> None:
    picture = prepare(files.animation("MPO"))
    assert close(opened(picture.content).getpixel((4, 4)), RED)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_a_picture_cut_off_on_its_way_is_refused(form: str, part: float) -> None:
    content = files.picture(400, 300, form=form)
    with pytest.raises(RuleError, match="damaged or was cut off"):
        prepare(content[: int(len(content) * part)])
