"""Sources of frames: picture, folder, video, camera, network stream, procedural scene.

Importing this package imports neither OpenCV nor Pillow; they come with the first source that needs
them.
"""

from engine.sources.base import Source, Unreadable
from engine.sources.camera import Camera, list_cameras
from engine.sources.opening import open_source
from engine.sources.picture import decode_bytes
from engine.sources.player import Player, PlayerState

__all__ = [
    "Camera",
    "Player",
    "PlayerState",
    "Source",
    "Unreadable",
    "decode_bytes",
    "list_cameras",
    "open_source",
]
