"""The bytes of media: what was uploaded, or noise of the wanted size in the form of a picture."""

from __future__ import annotations

import hashlib
import random
import struct
import zlib

from socialguard.sandbox.state import Media, World

_MIN_PNG = 80


def made_media(network: str, media_id: str, owner_id: str, size: int, moment: float, mime: str, alt: str) -> Media:
    """Return a file of about `size` bytes that nobody uploaded; the same id always has the same bytes."""
    content = noise(media_id, size, mime)
    digest = hashlib.sha256(content).hexdigest()
    media = Media(network, media_id, owner_id, digest, len(content), mime, moment, alt, made=max(size, 1))
    media.width, media.height = (len(content) - _MIN_PNG, 1) if mime == "image/png" else (640, 360)
    return media


def noise(key: str, size: int, mime: str) -> bytes:
    """Return the bytes of a made file: a PNG of one row of grey noise, or plain noise for anything else."""
    # not a secret: the same bytes must come out again
    generator = random.Random(key)  # noqa: S311
    if mime != "image/png":
        return generator.randbytes(max(size, 1))
    width = max(size - _MIN_PNG, 1)
    head = struct.pack(">IIBBBBB", width, 1, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" + generator.randbytes(width), 0)
    chunks = _chunk(b"IHDR", head) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def content_of(world: World, media: Media) -> bytes | None:
    """Return a file's bytes; None for an upload of an earlier life, of which only the hash was kept."""
    return noise(media.media_id, media.made, media.mime) if media.made else world.files.get(media.media_id)
