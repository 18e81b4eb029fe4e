"""A file is what its bytes are, and its name must not say otherwise."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.core.filetypes import DOCUMENTS, FileType, accept_file, clean_name, name_as, recognise
from publisher.errors import RuleError
from tests import files


@pytest.mark.parametrize(
    ("content", "filename", "kind"),
    [
        (files.picture(), "фото.jpg", FileType.JPEG),
        (files.picture(), "IMG_0001.JPEG", FileType.JPEG),
        (files.picture(form="WEBP"), "из мессенджера.jpg", FileType.WEBP),
        (files.picture(form="PNG"), "снимок", FileType.PNG),
        (files.PDF, "Отчёт от 12.10", FileType.PDF),
        (files.office("word"), "приказ.docx", FileType.DOCX),
        (files.office("xl"), "итоги.xlsx", FileType.XLSX),
        (files.office("ppt"), "доклад.pptx", FileType.PPTX),
        (files.open_document(DOCUMENTS[FileType.ODS]), "итоги.ods", FileType.ODS),
        ("Итоги года".encode(), "итоги.txt", FileType.TXT),
        ("Итоги года".encode("cp1251"), "итоги.txt", FileType.TXT),
        ("район;обращений\nЦентр;12".encode("utf-16"), "итоги.csv", FileType.CSV),
        (b"BMW, MZ: 5 < 6", "марки.txt", FileType.TXT),
    ],
)
def test_a_file_is_accepted_when_content_and_name_agree(
    content: bytes, filename: str, kind: FileType
) -> None:
    assert accept_file(content, filename) is kind


@pytest.mark.parametrize(
    ("content", "filename", "claimed", "found"),
    [
        (files.PDF, "фото.jpg", "jpg", "PDF"),
        (files.HTML, "фото.png", "png", "HTML"),
        (files.SVG, "фото.png", "png", "SVG"),
        (files.EXE, "отчёт.pdf", "pdf", "EXE"),
        (files.picture(), "отчёт.pdf", "pdf", "JPEG"),
        (files.picture(), "установка.exe", "exe", "JPEG"),
        (files.HTML, "итоги.txt", "txt", "HTML"),
        (files.HTML.decode().encode("utf-16"), "итоги.txt", "txt", "HTML"),
        (files.office("xl"), "приказ.docx", "docx", "XLSX"),
        (files.archive({"а.exe": "MZ"}), "приказ.docx", "docx", "ZIP"),
        (files.office("word", "word/vbaProject.bin"), "приказ.docx", "docx", "DOCM/XLSM/PPTM"),
        (b"Not a picture", "фото.jpg", "jpg", "TXT"),
    ],
)
def test_both_are_named_when_the_content_is_not_what_the_name_claims(
    content: bytes, filename: str, claimed: str, found: str
) -> None:
    with pytest.raises(RuleError) as refused:
        accept_file(content, filename)
    assert refused.value.field == "media"
    assert refused.value.params == {"name": filename, "claimed": claimed, "found": found}


@pytest.mark.parametrize(
    ("content", "filename", "words"),
    [
        (b"", "пусто.jpg", "is empty"),
        (files.HTML, "страница.html", "is HTML, which is not accepted"),
        (files.SVG, "герб.svg", "is SVG, which is not accepted"),
        (files.EXE, "установка", "is EXE, which is not accepted"),
        (b"\x7fELF" + bytes(60), "программа", "is ELF, which is not accepted"),
        (b"#!/bin/sh\nrm -r .", "запуск.sh", "is SCRIPT, which is not accepted"),
        (b"echo off", "запуск.ps", "of a kind that is not accepted"),
        (files.OLD_OFFICE, "приказ.doc", "is DOC/XLS/PPT, which is not accepted"),
        (files.archive({"фото.jpg": "x"}), "архив.zip", "is ZIP, which is not accepted"),
        (files.HEIC, "IMG_0001.HEIC", "HEIC"),
        (files.HEIC, "IMG_0001.jpg", "HEIC"),
        (bytes(range(256)), "данные", "of a kind that is not accepted"),
        (bytes(range(256)), "фото.jpg", "something else or damaged"),
    ],
)
def test_the_reason_is_given_when_a_file_is_refused(content: bytes, filename: str, words: str) -> None:
    with pytest.raises(RuleError, match=words):
        accept_file(content, filename)


def test_an_archive_is_not_listed_when_it_has_more_entries_than_a_document() -> None:
    assert recognise(b"PK\x03\x04" + b"PK\x01\x02" * 20_000) is FileType.ZIP


@pytest.mark.parametrize(
    ("filename", "clean"),
    [
        ("C:\\Users\\press\\Фото  мэрии.jpg", "Фото мэрии.jpg"),
        ("../../etc/passwd", "passwd"),
        ("отчёт\u202egpj.exe", "отчётgpj.exe"),
        ('a<b>:"c"|?*.txt', "a b c .txt"),
        ("а\x00б\ud800.txt", "аб.txt"),
        ("и\u0306.txt", "й.txt"),
        ("", "file"),
        ("...", "file"),
        ("д" * 300 + ".docx", "д" * 95 + ".docx"),
    ],
)
def test_a_name_is_cleaned(filename: str, clean: str) -> None:
    assert clean_name(filename) == clean


@pytest.mark.parametrize(
    ("filename", "kind", "name"),
    [
        ("фото.webp", FileType.JPEG, "фото.jpg"),
        ("фото.jpeg", FileType.JPEG, "фото.jpeg"),
        ("Отчёт от 12.10", FileType.PDF, "Отчёт от 12.10.pdf"),
        (".jpg", FileType.PNG, "jpg.png"),
    ],
)
def test_a_stored_name_ends_as_its_type_does(filename: str, kind: FileType, name: str) -> None:
    assert name_as(filename, kind) == name


@given(st.text(max_size=300), st.sampled_from([FileType.JPEG, FileType.PNG, *DOCUMENTS]))
def test_any_name_becomes_one_that_every_file_system_and_database_takes(
    filename: str, kind: FileType
) -> None:
    name = name_as(filename, kind)
    assert 0 < len(name) <= 110
    assert not any(unicodedata.category(char)[0] == "C" for char in name)
    assert not set(name) & set('/\\<>:"|?*')
    assert name_as(name, kind) == name
