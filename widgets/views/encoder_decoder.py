"""The maps of a segmenter from the picture to the class scores, and its skip connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.views import ViewInfo

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from widgets.selection import Selection


def create(selection: Selection) -> QWidget:
    from widgets.encoder_decoder.panel import EncoderDecoderPanel

    return EncoderDecoderPanel(selection)


INFO = ViewInfo(
    key="encoder_decoder",
    title="Encoder and decoder",
    needs=("class_scores", "softmax", "argmax"),
    area="right",
    create=create,
    help="The maps in order, down and up again, with skip connections to switch off.",
    order=64,
)
