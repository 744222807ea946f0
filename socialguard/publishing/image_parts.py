"""Of what parts an image file consists: whether it holds anything beside its picture; and what a file is that is
none.

What a part is for is not asked: all that is not needed to show the picture counts, also what stands behind its
end, where cropping tools left the whole picture and phones put films with their place."""

import re
import struct
from collections.abc import Iterator
from typing import Final

_JPEG_MARK: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_JPEG_PICTURE: Final = frozenset({*range(0xC0, 0xD0), 0xDA, 0xDB, 0xDC, 0xDD})  # frames, tables, scans
_JPEG_END: Final = 0xD9
_PNG_PICTURE: Final = frozenset(
    b"IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD hIST pHYs tIME acTL fcTL fdAT".split()
)
_WEBP_PICTURE: Final = frozenset((b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"))
_BRANDS: Final = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"), "image/heic"),
    **dict.fromkeys((b"mif1", b"msf1"), "image/heif"),
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
    b"qt  ": "video/quicktime",
}
_SVG: Final = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)?(?:<!DOCTYPE svg[^>]*>\s*)?<svg[\s/>]", re.DOTALL
)
_FRAME_HEAD: Final = 16  # of a picture in an animation, before its own parts


def holds_more(data: bytes, kind: str) -> bool:
    """Return whether the bytes of a JPEG, PNG or WEBP file (`kind`) hold more than its picture, its colours and
    how it moves; True where they are not built as such a file is. Other kinds are not known: False."""
    look = {"JPEG": _jpeg_holds_more, "PNG": _png_holds_more, "WEBP": _webp_holds_more}.get(kind)
    try:
        return look is not None and look(data)
    except (struct.error, IndexError):
        return True


def type_of(data: bytes) -> str | None:
    """Return the type of a file that is no image which networks take, by its first bytes; None where unknown."""
    if data[4:8] == b"ftyp":  # ISO 14496-12; the brand says what is in the box
        return _BRANDS.get(data[8:12], "video/mp4")
    if data.startswith(b"%PDF-"):
        return "application/pdf"
    return "image/svg+xml" if _SVG.match(data) else None


def _jpeg_holds_more(data: bytes) -> bool:
    at = 2
    while True:
        found = _JPEG_MARK.search(data, at)
        if found is None:
            return True
        marker = found[0][1]
        if marker == _JPEG_END:
            return bool(data[found.end() :].strip(b"\0"))
        (size,) = struct.unpack_from(">H", data, found.end())
        if marker not in _JPEG_PICTURE and not _is_colour(marker, data[found.end() + 2 : found.end() + size]):
            return True
        at = found.end() + size


def _is_colour(marker: int, part: bytes) -> bool:
    """Whether a part of a program says how to show the picture: JFIF without a small picture, a profile, Adobe."""
    if marker == 0xE0:
        return part.startswith(b"JFIF\0") and part[12:14] == b"\0\0"
    return (marker == 0xE2 and part.startswith(b"ICC_PROFILE\0")) or (marker == 0xEE and part.startswith(b"Adobe"))


def _png_holds_more(data: bytes) -> bool:
    at = 8
    while True:
        size, name = struct.unpack_from(">I4s", data, at)
        if name not in _PNG_PICTURE:
            return True
        at += 12 + size
        if name == b"IEND":
            return bool(data[at:])


def _webp_holds_more(data: bytes) -> bool:
    (size,) = struct.unpack_from("<I", data, 4)
    if len(data) > 8 + size + size % 2:
        return True
    for name, start, end in _chunks(data, 12, len(data)):
        inside = _chunks(data, start + _FRAME_HEAD, end) if name == b"ANMF" else ()
        if name not in _WEBP_PICTURE or any(part not in _WEBP_PICTURE for part, _, _ in inside):
            return True
    return False


def _chunks(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Each chunk between two places: its name, and where its bytes begin and end."""
    while at < end:
        name, size = struct.unpack_from("<4sI", data, at)
        yield name, at + 8, at + 8 + size
        at += 8 + size + size % 2
