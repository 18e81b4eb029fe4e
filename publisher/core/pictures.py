"""Uploaded picture -> the picture that goes out: upright, sRGB, small enough, with nothing hidden in it."""

import io
import struct
import threading
import warnings
from dataclasses import dataclass

from PIL import ExifTags, Image, ImageCms

from publisher.core.filetypes import FileType
from publisher.core.messages import N_
from publisher.errors import RuleError

LONGEST_SIDE = 2560
THUMBNAIL_SIDE = 480
# Telegram's limits for a photo, 10 MB and a ratio of 20 (core.telegram.org/bots/api#sendphoto, August 2026).
# What fits into them fits the other networks too.
MAX_BYTES = 10_000_000
MAX_RATIO = 20
# Graphics of few colours stay PNG, where JPEG would smear their edges, unless that grows too big.
GRAPHIC_COLOURS = 4096
GRAPHIC_BYTES = 2_000_000
QUALITIES = (90, 80, 65, 50)

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
LOSSLESS = frozenset({"PNG", "GIF"})

# Exif 2.32, tag 0x0112: what turns the stored picture upright.
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# What Pillow's decoders raise for damaged files.
DAMAGED = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error)
BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)

warnings.simplefilter("error", Image.DecompressionBombWarning)
# A decoded picture takes up to four bytes a pixel, some steps twice that: one at a time in a process.
_decoding = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A finished picture, JPEG or PNG, with its thumbnail (JPEG); sizes in pixels."""

    content: bytes
    kind: FileType
    width: int
    height: int
    thumbnail: bytes


def prepare_picture(content: bytes, name: str, max_megapixels: int) -> Picture:
    """Decode the whole picture and make it anew.

    Turned upright, converted to sRGB, laid on white where transparent, its longest side at most 2,560 px, at
    most 10 MB, without any metadata. An animation is refused: it would stand still without a word.
    Raises RuleError at "media": too many pixels (seen before decoding), too long and thin, animated, damaged.
    """
    with _decoding:
        image, kind = _decode(content, name, max_megapixels)
        encoded, kind = _encode(image, kind)
        return Picture(
            content=encoded, kind=kind, width=image.width, height=image.height, thumbnail=_thumbnail(image)
        )


def _decode(content: bytes, name: str, max_megapixels: int) -> tuple[Image.Image, FileType]:
    """The upright picture in sRGB, scaled down, and the kind of file that suits it."""
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            _check_header(image, name, max_megapixels)
            lossless = image.format in LOSSLESS
            orientation = _orientation(image)
            profile = image.info.get("icc_profile")
            picture = _to_srgb(_on_white(_scaled(image)), profile)
    except BOMB as error:
        raise _too_many_pixels(name, max_megapixels) from error
    except DAMAGED as error:
        raise RuleError(
            "media",
            N_("“{name}” is damaged or was cut off on its way. Take it from the source again."),
            name=name,
        ) from error
    if orientation in UPRIGHT:
        picture = picture.transpose(UPRIGHT[orientation])
    picture.info.clear()
    return picture, FileType.PNG if lossless and _is_graphic(picture) else FileType.JPEG


def _check_header(image: Image.Image, name: str, max_megapixels: int) -> None:
    width, height = image.size
    if width * height > max_megapixels * 1_000_000:
        raise _too_many_pixels(name, max_megapixels)
    if max(width, height) > MAX_RATIO * min(width, height):
        message = N_(
            "“{name}” is {width} × {height}: the networks refuse sides that differ over {ratio} times."
        )
        raise RuleError("media", message, name=name, width=width, height=height, ratio=MAX_RATIO)
    # A photo of a telephone may hold a second view (MPO) behind the first one; that is no animation.
    if image.format != "MPO" and getattr(image, "is_animated", False):
        raise RuleError(
            "media",
            N_("“{name}” is animated, and would stand still in the channels. Save one frame."),
            name=name,
        )


def _too_many_pixels(name: str, max_megapixels: int) -> RuleError:
    limit = min(max_megapixels, (Image.MAX_IMAGE_PIXELS or 0) // 1_000_000)
    return RuleError(
        "media", N_("“{name}” has too many pixels: {limit} megapixels is the most."), name=name, limit=limit
    )


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except DAMAGED:
        # Damaged notes about a picture do not make the picture damaged.
        return 1


def _scaled(image: Image.Image) -> Image.Image:
    """Decoded to the last byte, and scaled down while still in its own colours."""
    scale = min(1.0, LONGEST_SIDE / max(image.size))
    fitting = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    # A big JPEG is decoded at a half, a quarter or an eighth at once: a fraction of the time and memory.
    drafted = image.draft(None, (2 * fitting[0], 2 * fitting[1]))
    image = _scalable(image)
    if image.size == fitting:
        return image
    return image.resize(fitting, Image.Resampling.LANCZOS, box=drafted and drafted[1], reducing_gap=2.0)


def _scalable(image: Image.Image) -> Image.Image:
    """The decoded picture in a mode that Pillow scales smoothly and converts without loss of its shades."""
    image.load()
    if image.has_transparency_data and image.mode not in {"RGBA", "LA"}:
        return image.convert("RGBA")
    if image.mode.startswith("I"):
        # Sixteen bits of grey: Pillow would clip them to eight instead of dividing.
        return image.convert("I").point(lambda shade: shade * (1 / 256)).convert("L")
    return image.convert("RGB") if image.mode in {"P", "1"} else image


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image
    image = image.convert("RGBA")
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image.getchannel("A"))
    return white


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
            converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
        except (ImageCms.PyCMSError, *DAMAGED):
            # A damaged profile, or one for other channels: the picture is worth more than its exact shades.
            converted = None
        if converted is not None:
            return converted
    return image.convert("RGB")


def _is_graphic(image: Image.Image) -> bool:
    return image.getcolors(GRAPHIC_COLOURS) is not None


def _encode(image: Image.Image, kind: FileType) -> tuple[bytes, FileType]:
    if kind is FileType.PNG:
        content = _saved(image, "PNG")
        if len(content) <= GRAPHIC_BYTES:
            return content, FileType.PNG
    for quality in QUALITIES:
        content = _saved(image, "JPEG", quality)
        if len(content) <= MAX_BYTES:
            break
    return content, FileType.JPEG


def _thumbnail(image: Image.Image) -> bytes:
    small = image.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    return _saved(small, "JPEG", 80)


def _saved(image: Image.Image, form: str, quality: int = 0) -> bytes:
    file = io.BytesIO()
    image.save(file, form, optimize=True, **({"quality": quality} if quality else {}))
    return file.getvalue()
