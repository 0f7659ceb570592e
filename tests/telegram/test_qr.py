"""The QR picture: small, the same every time, and the same squares as segno's own writer draws."""

import io

import pytest
import segno

from bot.telegram.qr import MASK, QUIET, SCALE, qr_png
from tests.e2e.pictures import modules

LINK = "https://moncreneau.gn/qr/12345"


def test_a_qr_code_is_small_and_the_same_every_time() -> None:
    assert qr_png(LINK) == qr_png(LINK)
    assert len(qr_png(LINK)) < 1000
    assert qr_png(LINK) != qr_png(LINK + "6")


@pytest.mark.parametrize("link", ["x", LINK, LINK + "?ticket=" + "7" * 300])
def test_its_squares_are_those_that_segno_draws(link: str) -> None:
    drawn = io.BytesIO()
    segno.make(link, error="m", micro=False, mask=MASK).save(drawn, kind="png", scale=SCALE, border=QUIET)
    assert modules(qr_png(link), SCALE, QUIET) == modules(drawn.getvalue(), SCALE, QUIET)


def test_a_link_that_no_qr_code_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match=r"[Dd]ata too large|does not fit"):
        qr_png("x" * 5000)
