"""The QR picture: small, the same every time, and readable by whatever reads QR codes."""

import zlib

import pytest
import zxingcpp

from bot.telegram.qr import QUIET, SCALE, qr_png
from tests.e2e.pictures import pixels, read_qr

LINK = "https://moncreneau.gn/qr/12345"


def test_a_qr_code_is_small_and_the_same_every_time() -> None:
    assert qr_png(LINK) == qr_png(LINK)
    assert len(qr_png(LINK)) < 1000
    assert qr_png(LINK) != qr_png(LINK + "6")


@pytest.mark.parametrize("link", ["x", LINK, LINK + "?ticket=" + "7" * 300, LINK + "?nom=Aïssatou"])
def test_a_camera_reads_the_link(link: str) -> None:
    assert read_qr(qr_png(link)).text == link


def test_every_code_is_read_from_a_small_picture() -> None:
    every = SCALE // 2  # two pixels a module are the least that zxing reads
    for number in range(0, 5000, 50):
        link = f"{LINK}{number}"
        size, lines = pixels(qr_png(link))
        grey = bytes(255 * (lines[y][x // 8] & 1) for y in range(0, size, every) for x in range(0, size, every))
        view = zxingcpp.ImageView(grey, size // every, size // every, zxingcpp.ImageFormat.Lum)
        assert [each.text for each in zxingcpp.read_barcodes(view)] == [link]


def test_a_damaged_qr_code_can_still_be_read() -> None:
    code = read_qr(qr_png(LINK))
    assert code.ec_level in "MQH"
    assert code.symbology_identifier == "]Q1", "the plain kind: no ECI, which cheap readers do not know"


def test_the_code_is_framed_by_white() -> None:
    size, lines = pixels(qr_png(LINK))
    border = QUIET * SCALE
    assert set(b"".join(lines[:border] + lines[-border:])) == {0xFF}
    assert {line[:QUIET] + line[-QUIET:] for line in lines} == {b"\xff" * 2 * QUIET}
    assert 0 in lines[border]
    assert size % SCALE == 0


def test_every_checksum_of_the_file_is_right() -> None:
    png = qr_png(LINK)
    at = 8
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        body, checksum = png[at + 4 : at + 8 + length], png[at + 8 + length : at + 12 + length]
        assert zlib.crc32(body).to_bytes(4, "big") == checksum
        at += length + 12


def test_a_link_that_no_qr_code_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        qr_png("x" * 5000)
