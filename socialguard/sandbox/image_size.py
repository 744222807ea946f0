"""What kind of file a few bytes are, and how large the image is, without an image library.

Enough for a server that must refuse what is no image: jpeg, png, gif, bmp, tiff, webp, mp4.
"""

from __future__ import annotations

import struct

_MAGIC = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
)


def sniff_mime(content: bytes) -> str:
    """Return the media type that the first bytes tell; `application/octet-stream` if none."""
    for magic, mime in _MAGIC:
        if content.startswith(magic):
            return mime
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:8] == b"ftyp":
        return "video/mp4"
    return "application/octet-stream"


def image_size(content: bytes) -> tuple[int, int]:
    """Return width and height in pixels of a png, gif, bmp or jpeg; (0, 0) where they cannot be told."""
    try:
        mime = sniff_mime(content)
        if mime == "image/png":
            width, height = struct.unpack(">II", content[16:24])
        elif mime == "image/gif":
            width, height = struct.unpack("<HH", content[6:10])
        elif mime == "image/bmp":
            width, height = struct.unpack("<ii", content[18:26])
        elif mime == "image/jpeg":
            return _jpeg_size(content)
        else:
            return 0, 0
    except struct.error:
        return 0, 0
    return int(width), abs(int(height))


def _jpeg_size(content: bytes) -> tuple[int, int]:
    position = 2
    while position + 9 < len(content):
        marker, length = content[position + 1], struct.unpack(">H", content[position + 2 : position + 4])[0]
        # SOF0 to SOF15 but DHT, JPG and DAC carry the frame's size
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[position + 5 : position + 9])
            return width, height
        position += 2 + length
    return 0, 0
