"""What an uploaded file really is: read from its bytes, never believed from its name."""

import io
import re
import struct
import unicodedata
import zipfile
from enum import StrEnum

from publisher.core.messages import N_
from publisher.errors import RuleError


class FileType(StrEnum):
    """The kinds of file we can tell apart; the value is what an editor is told."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WebP"
    GIF = "GIF"
    PDF = "PDF"
    DOCX = "DOCX"
    XLSX = "XLSX"
    PPTX = "PPTX"
    ODT = "ODT"
    ODS = "ODS"
    ODP = "ODP"
    TXT = "TXT"
    CSV = "CSV"
    # Known only to be refused by name.
    HEIC = "HEIC"
    AVIF = "AVIF"
    TIFF = "TIFF"
    BMP = "BMP"
    VIDEO = "MP4"
    HTML = "HTML"
    SVG = "SVG"
    XML = "XML"
    OLD_OFFICE = "DOC/XLS/PPT"
    MACROS = "DOCM/XLSM/PPTM"
    RTF = "RTF"
    ZIP = "ZIP"
    RAR = "RAR"
    SEVEN_ZIP = "7z"
    EXE = "EXE"
    ELF = "ELF"
    MACH_O = "Mach-O"
    SHORTCUT = "LNK"
    SCRIPT = "SCRIPT"


PICTURES = frozenset({FileType.JPEG, FileType.PNG, FileType.WEBP, FileType.GIF})

DOCUMENTS = {
    FileType.PDF: "application/pdf",
    FileType.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    FileType.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileType.PPTX: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    FileType.ODT: "application/vnd.oasis.opendocument.text",
    FileType.ODS: "application/vnd.oasis.opendocument.spreadsheet",
    FileType.ODP: "application/vnd.oasis.opendocument.presentation",
    FileType.TXT: "text/plain",
    FileType.CSV: "text/csv",
}

TEXTS = frozenset({FileType.TXT, FileType.CSV})

ACCEPTED = ", ".join([*(kind for kind in FileType if kind in PICTURES), *DOCUMENTS])

# File name endings that claim a type. Others ("Отчёт от 12.10") claim nothing.
ENDINGS = {
    **{kind.value.lower(): kind for kind in (*PICTURES, *DOCUMENTS)},
    "jpg": FileType.JPEG, "jpe": FileType.JPEG, "jfif": FileType.JPEG,
    "heic": FileType.HEIC, "heif": FileType.HEIC, "avif": FileType.AVIF,
    "tif": FileType.TIFF, "tiff": FileType.TIFF, "bmp": FileType.BMP,
    "mp4": FileType.VIDEO, "mov": FileType.VIDEO, "m4v": FileType.VIDEO,
    "html": FileType.HTML, "htm": FileType.HTML, "svg": FileType.SVG, "xml": FileType.XML,
    "doc": FileType.OLD_OFFICE, "xls": FileType.OLD_OFFICE, "ppt": FileType.OLD_OFFICE,
    "docm": FileType.MACROS, "xlsm": FileType.MACROS, "pptm": FileType.MACROS, "rtf": FileType.RTF,
    "zip": FileType.ZIP, "rar": FileType.RAR, "7z": FileType.SEVEN_ZIP,
    "exe": FileType.EXE, "com": FileType.EXE, "scr": FileType.EXE, "dll": FileType.EXE,
    "lnk": FileType.SHORTCUT,
    "sh": FileType.SCRIPT, "bat": FileType.SCRIPT, "cmd": FileType.SCRIPT, "ps1": FileType.SCRIPT,
    "js": FileType.SCRIPT, "vbs": FileType.SCRIPT,
}  # fmt: skip

SIGNATURES = (
    (b"\xff\xd8\xff", FileType.JPEG),
    (b"\x89PNG\r\n\x1a\n", FileType.PNG),
    (b"GIF87a", FileType.GIF),
    (b"GIF89a", FileType.GIF),
    (b"%PDF-", FileType.PDF),
    (b"{\\rtf", FileType.RTF),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FileType.OLD_OFFICE),
    (b"Rar!\x1a\x07", FileType.RAR),
    (b"7z\xbc\xaf\x27\x1c", FileType.SEVEN_ZIP),
    (b"II*\x00", FileType.TIFF),
    (b"MM\x00*", FileType.TIFF),
    (b"\x7fELF", FileType.ELF),
    (b"\xfe\xed\xfa\xce", FileType.MACH_O),
    (b"\xfe\xed\xfa\xcf", FileType.MACH_O),
    (b"\xce\xfa\xed\xfe", FileType.MACH_O),
    (b"\xcf\xfa\xed\xfe", FileType.MACH_O),
    (b"\xca\xfe\xba\xbe", FileType.MACH_O),
    (b"L\x00\x00\x00\x01\x14\x02\x00", FileType.SHORTCUT),
    (b"#!", FileType.SCRIPT),
)
# Two letters that a text may begin with, so they count only where the file is no text.
WEAK_SIGNATURES = ((b"MZ", FileType.EXE), (b"BM", FileType.BMP))

# Brands of the ISO base media format, ISO/IEC 23008-12 (HEIF) and AV1 Image File Format.
BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), FileType.HEIC),
    **dict.fromkeys((b"avif", b"avis"), FileType.AVIF),
}

OFFICE_PARTS = (
    ("word/", FileType.DOCX),
    ("xl/", FileType.XLSX),
    ("ppt/", FileType.PPTX),
)
# Far above any real document; a directory of a million names would take our memory.
ZIP_ENTRIES = 10_000

CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
MARKUP = re.compile(r"<[a-z!?/]", re.IGNORECASE)
UNFIT_IN_NAMES = re.compile(r'[<>:"|?*\s]+')
NAME_LENGTH = 100


def accept_file(content: bytes, filename: str) -> FileType:
    """The type of a file that may be stored: one of PICTURES or DOCUMENTS.

    A picture may bear the name of another kind of picture, since it is made anew anyway. Raises RuleError
    at "media" for an empty file, for content that is not what the name claims, and for what we never take.
    """
    name = clean_name(filename)
    if not content:
        raise RuleError("media", N_("“{name}” is empty."), name=name)
    found = recognise(content)
    claimed = ENDINGS.get(ending(filename))
    if found is FileType.HEIC:
        raise RuleError(
            "media",
            N_("“{name}” is a HEIC picture, which the networks do not show. Save it as JPEG."),
            name=name,
        )
    if claimed is not None and not _agree(claimed, found):
        raise _lie(name, ending(filename), found)
    if found is None or found not in PICTURES | DOCUMENTS.keys():
        raise _not_accepted(name, found)
    if found in TEXTS and claimed is None and ending(filename).isalpha():
        # Any program text is text: only names that promise nothing else are taken for it.
        raise _not_accepted(name, None)
    return found if claimed is None or found in PICTURES else claimed


def recognise(content: bytes) -> FileType | None:
    """What the bytes are; None for what we cannot name. TXT stands for every text that is no markup."""
    for signature, kind in SIGNATURES:
        if content.startswith(signature):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return FileType.WEBP
    if content[4:8] == b"ftyp":
        return BRANDS.get(content[8:12], FileType.VIDEO)
    if content.startswith(b"PK\x03\x04"):
        return _recognise_zip(content)
    text = _as_text(content)
    if text is not None:
        return _recognise_text(text)
    return next((kind for signature, kind in WEAK_SIGNATURES if content.startswith(signature)), None)


def clean_name(filename: str) -> str:
    """The last part of a path without control, invisible and shell characters, at most 100 characters."""
    last = re.split(r"[/\\]", filename)[-1]
    visible = "".join(
        char
        for char in unicodedata.normalize("NFC", last)
        if char.isspace() or unicodedata.category(char)[0] != "C"
    )
    name = UNFIT_IN_NAMES.sub(" ", visible).strip(" .")
    if len(name) <= NAME_LENGTH:
        return name or "file"
    stem, dot, suffix = name.rpartition(".")
    if dot and len(suffix) <= 10:
        return stem[: NAME_LENGTH - len(suffix) - 1].rstrip(" .") + dot + suffix
    return name[:NAME_LENGTH].rstrip(" .")


def name_as(filename: str, kind: FileType) -> str:
    """The clean name with the ending of the type: "foto.webp" kept as JPEG becomes "foto.jpg"."""
    name = clean_name(filename)
    claimed = ENDINGS.get(ending(name))
    if claimed is kind:
        return name
    stem = name.rpartition(".")[0] if claimed else name
    suffix = "jpg" if kind is FileType.JPEG else kind.value.lower()
    return f"{stem.strip(' .') or 'file'}.{suffix}"


def ending(filename: str) -> str:
    """What stands behind the last dot, in small letters; empty without a dot."""
    return clean_name(filename).rpartition(".")[2].lower() if "." in clean_name(filename) else ""


def _agree(claimed: FileType, found: FileType | None) -> bool:
    alike = (PICTURES, TEXTS)
    return claimed is found or any(claimed in kinds and found in kinds for kinds in alike)


def _lie(name: str, claimed: str, found: FileType | None) -> RuleError:
    if found is None:
        message = N_("“{name}” is called .{claimed}, but its content is something else or damaged.")
        return RuleError("media", message, name=name, claimed=claimed)
    message = N_("“{name}” is called .{claimed}, but its content is {found}.")
    return RuleError("media", message, name=name, claimed=claimed, found=found.value)


def _not_accepted(name: str, found: FileType | None) -> RuleError:
    if found is None:
        message = N_("“{name}” is of a kind that is not accepted. Accepted are {accepted}.")
        return RuleError("media", message, name=name, accepted=ACCEPTED)
    message = N_("“{name}” is {found}, which is not accepted. Accepted are {accepted}.")
    return RuleError("media", message, name=name, found=found.value, accepted=ACCEPTED)


def _recognise_zip(content: bytes) -> FileType:
    names = _zip_names(content)
    if any(name.endswith("vbaProject.bin") or name.startswith("Basic/") for name in names):
        return FileType.MACROS
    if "[Content_Types].xml" in names:
        for folder, kind in OFFICE_PARTS:
            if any(name.startswith(folder) for name in names):
                return kind
    # OpenDocument 1.3 part 2, 3.3: the first entry is "mimetype", stored as it is.
    if content[30:38] == b"mimetype":
        for kind in (FileType.ODT, FileType.ODS, FileType.ODP):
            if content.startswith(DOCUMENTS[kind].encode() + b"PK", 38):
                return kind
    return FileType.ZIP


def _zip_names(content: bytes) -> frozenset[str]:
    if content.count(b"PK\x01\x02") > ZIP_ENTRIES:
        return frozenset()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return frozenset(archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, struct.error):
        # A broken archive is no document; it is refused as an archive.
        return frozenset()


def _as_text(content: bytes) -> str | None:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        # Windows' Cyrillic takes nearly any byte, so it comes last; control characters tell the rest.
        encodings = ("utf-8-sig", "cp1251")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if CONTROLS.search(text) else text
    return None


def _recognise_text(text: str) -> FileType:
    head = text.lstrip("\ufeff \t\r\n\f\v")[:4096].lower()
    if not MARKUP.match(head):
        return FileType.TXT
    if "<svg" in head:
        return FileType.SVG
    return FileType.XML if head.startswith("<?xml") and "<html" not in head else FileType.HTML
