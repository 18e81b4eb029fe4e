"""Files as editors upload them, really made: pictures by Pillow, documents as small archives."""

import io
import struct
import zipfile
import zlib

from PIL import ExifTags, Image, ImageCms

PLACE = (44.0, 59.0, 37.0)


def picture(
    width: int = 64, height: int = 48, form: str = "JPEG", mode: str = "RGB", **options: object
) -> bytes:
    """A picture with a grain, as photos have."""
    bands = [Image.effect_noise((width, height), 60) for _ in range(3)]
    image = Image.merge("RGB", bands).convert(mode)
    return saved(image, form, **options)


def graphic(width: int = 64, height: int = 48, form: str = "PNG", mode: str = "RGB") -> bytes:
    """A picture of two colours: red on the left, blue on the right."""
    return saved(halves(width, height).convert(mode), form)


def halves(width: int = 64, height: int = 48) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (width, height), "red")
    image.paste("blue", (width // 2, 0, width, height))
    return image


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    """The picture as a file."""
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def telephone_photo() -> bytes:
    """A photo taken upright: stored lying, with the place, a description, a comment, XMP and a profile."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.ImageDescription] = "secret-description"
    exif[ExifTags.Base.Make] = "secret-maker"
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(
        {
            ExifTags.GPS.GPSLatitudeRef: "N",
            ExifTags.GPS.GPSLatitude: PLACE,
            ExifTags.GPS.GPSMapDatum: "secret-map",
        }
    )
    return saved(
        halves(640, 480), "JPEG", quality=95, exif=exif, comment=b"secret-comment",
        xmp=b"<x:xmpmeta>secret-xmp</x:xmpmeta>", icc_profile=srgb_profile(), dpi=(300, 300),
    )  # fmt: skip


def srgb_profile() -> bytes:
    """The profile of a usual screen."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped_profile() -> bytes:
    """A profile in which the first channel is blue and the third one red."""
    swapped = srgb_profile().replace(b"rXYZ", b"#XYZ").replace(b"bXYZ", b"rXYZ")
    return swapped.replace(b"#XYZ", b"bXYZ")


def png_header(width: int, height: int) -> bytes:
    """A PNG that promises a size and holds nothing."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", b"\x00") + _chunk(b"IEND", b"")


def bomb(side: int) -> bytes:
    """A complete black PNG, one bit a pixel: 12,000 × 12,000 take 18 kB."""
    packer = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def animation(form: str) -> bytes:
    """Two frames."""
    return saved(halves(), form, save_all=True, append_images=[Image.new("RGB", (64, 48), "green")])


def office(folder: str, *more: str) -> bytes:
    """A document of Word, Excel or PowerPoint, by the folder that its parts lie in."""
    return archive(
        {"[Content_Types].xml": "<Types/>", f"{folder}/part.xml": "<part/>", **dict.fromkeys(more, "")}
    )


def open_document(mime: str) -> bytes:
    """A document of LibreOffice."""
    return archive({"mimetype": mime, "content.xml": "<office/>"})


def archive(entries: dict[str, str]) -> bytes:
    """A ZIP with these entries, the first one stored as it is."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as target:
        for place, (name, content) in enumerate(entries.items()):
            target.writestr(name, content, zipfile.ZIP_DEFLATED if place else zipfile.ZIP_STORED)
    return file.getvalue()


PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
HTML = b"<!DOCTYPE html><html><body><script>alert(1)</script></body></html>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
EXE = b"MZ\x90\x00\x03\x00\x00\x00" + bytes(120) + b"PE\x00\x00"
HEIC = struct.pack(">I", 24) + b"ftypheic" + bytes(12)
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
