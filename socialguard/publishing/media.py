"""The files of a post: their bytes are kept when it is written, so that what was confirmed is what is sent.

An image keeps its pixels and its colours and loses what tells about the person: EXIF with its place, XMP, IPTC,
comments, what stands behind its end. It is encoded again only where it has some of these, turned as its
orientation said.
"""

import errno
import hashlib
import logging
import os
import struct
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from socialguard import errors
from socialguard.model import bounded
from socialguard.model.delivery import Media
from socialguard.publishing.image_parts import holds_more, type_of
from socialguard.store import sharing

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_BYTES: Final = 64 * 1024 * 1024
_UNKNOWN_TYPE: Final = "application/octet-stream"
# No other decoder of the library is given a file that somebody sent: one of them starts Ghostscript.
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
_PLUGINS: Final = ("Jpeg", "Png", "WebP", "Gif", "Bmp", "Tiff")
# What is beside the pixels and needed to show them as they were meant.
_FACTS: Final = frozenset(
    {
        "aspect",
        "background",
        "bbox",
        "blend",
        "chromaticity",
        "default_image",
        "disposal",
        "dpi",
        "duration",
        "gamma",
        "icc_profile",
        "interlace",
        "loop",
        "srgb",
        "timestamp",
        "transparency",
    }
)
# What decoders raise on a damaged file, found by feeding them thousands.
_DAMAGED: Final = (
    OSError,
    ValueError,
    SyntaxError,
    TypeError,
    EOFError,
    LookupError,
    ArithmeticError,
    struct.error,
)


# EXIF 2.32, tables 4 and 7: the directory of places, that of the camera; Make, Model, Artist, BodySerialNumber.
_GPS: Final = 0x8825
_EXIF: Final = 0x8769
_CAMERA: Final = (0x010F, 0x0110, 0x013B, 0xA431)


class MediaStore:
    """A directory of files named by their SHA-256, each written once, 0600."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def keep(self, source: Path, alt: str) -> Media:
        """Copy the file at `source` into the store and return it as media; an image loses its EXIF data
        (camera, place, name) and the like.

        Raises Unreadable, also for a damaged image, UsageError for a file over 64 MiB, and DiskFull."""
        try:
            with source.open("rb") as file:
                modified = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
                data = file.read(MAX_BYTES + 1)
        except OSError as problem:
            raise errors.Unreadable(
                path=source.name, detail=problem.strerror or "it cannot be opened.", remedy="Check --media."
            ) from None
        if len(data) > MAX_BYTES:
            raise errors.UsageError(detail=f"{source.name} is larger than {MAX_BYTES // 1024 // 1024} MiB.")
        found = _clean(data, source.name)
        digest = hashlib.sha256(found.data).hexdigest()
        self._write(digest, found.data)
        return Media(
            sha256=digest,
            content_type=found.content_type,
            size=len(found.data),
            alt=alt,
            file_name=source.name,
            modified_at=modified,
            removed=found.removed,
            width=found.width,
            height=found.height,
        )

    def read(self, item: Media) -> bytes:
        """Return the bytes of `item`; Tampered where they are not those that were kept."""
        try:
            data = bounded.read(self.path / item.sha256, MAX_BYTES)
        except OSError as problem:
            raise errors.Unreadable(path=item.file_name, detail=problem.strerror or "it is gone.") from None
        if hashlib.sha256(data).hexdigest() != item.sha256:
            raise errors.Tampered(what=f"The file {item.file_name}", detail="its bytes are not those confirmed.")
        return data

    def _write(self, digest: str, data: bytes) -> None:
        target = self.path / digest
        part = self.path / f"{digest}.{os.getpid()}.part"
        try:
            sharing.make(self.path)
            if target.exists() and hashlib.sha256(bounded.read(target, MAX_BYTES)).hexdigest() == digest:
                return
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(descriptor, sharing.file_mode(self.path))  # the worker may be another user of the group
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        except OSError as problem:
            part.unlink(missing_ok=True)
            if problem.errno in (errno.ENOSPC, errno.EDQUOT):
                raise errors.DiskFull(path=self.path.name) from None
            raise errors.Unreadable(
                path=self.path.name, detail=problem.strerror or "it cannot be written."
            ) from None


@dataclass(frozen=True, slots=True)
class _Cleaned:
    data: bytes
    content_type: str
    removed: tuple[str, ...] = ()
    width: int = 0
    height: int = 0


def _clean(data: bytes, name: str) -> _Cleaned:
    """The bytes without what tells about a person, and the type that they really are; what is no image stays."""
    from importlib import import_module

    from PIL import Image, UnidentifiedImageError

    logging.getLogger("PIL").setLevel(logging.CRITICAL)
    for plugin in _PLUGINS:
        import_module(f"PIL.{plugin}ImagePlugin")  # which enters its format, so that it can be asked for by name
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a file's author wrote wrong is nothing for our stderr
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(data), formats=_FORMATS) as image:
                image.load()  # a damaged file is refused here, not by the network after the confirmation
                kind = "JPEG" if image.format == "MPO" else image.format or ""
                if image.format != "MPO" and not holds_more(
                    data, kind
                ):  # MPO: further pictures, as phones write them
                    content_type = Image.MIME.get(kind, _UNKNOWN_TYPE)
                    return _Cleaned(data, content_type, width=image.width, height=image.height)
                told = _told(image)
                again, (width, height) = _encoded_again(image, kind, data)
                return _Cleaned(again, Image.MIME[kind], told, width, height)
    except UnidentifiedImageError:
        return _Cleaned(data, type_of(data) or _UNKNOWN_TYPE)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise errors.Unreadable(
            path=name, detail="it has more pixels than can be opened safely.", remedy="Make it smaller."
        ) from None
    except _DAMAGED:
        raise errors.Unreadable(
            path=name, detail="the image is damaged.", remedy="Save it again, then repeat the command."
        ) from None


def _told(image: "Image") -> tuple[str, ...]:
    """What an image tells beside its picture: the `place`, the `camera`, other `notes`."""
    try:
        exif = image.getexif()
        place = bool(exif.get_ifd(_GPS))
        camera = any(exif.get(tag) for tag in _CAMERA) or any(exif.get_ifd(_EXIF).get(tag) for tag in _CAMERA)
    except _DAMAGED:
        return ("notes",)
    found = (("place", place), ("camera", camera))
    return tuple(name for name, there in found if there) or ("notes",)


def _encoded_again(image: "Image", kind: str, data: bytes) -> tuple[bytes, tuple[int, int]]:
    from PIL import ImageOps

    options: dict[str, Any] = {"exif": b"", "icc_profile": image.info.get("icc_profile")}  # Any: Pillow's own
    moves = getattr(image, "n_frames", 1) > 1 and kind != "JPEG"
    if moves:
        options["save_all"] = True
    if kind == "JPEG":
        # The same tables as before: about the same size, and hardly anything lost.
        options |= {"qtables": getattr(image, "quantization", None), "comment": b""}
    if kind == "WEBP":
        options |= {"lossless": b"VP8L" in data, "quality": 95}
    try:
        upright = image if moves else ImageOps.exif_transpose(image)
    except _DAMAGED:
        upright = image.copy()  # its EXIF is damaged: nothing tells how to turn it, and it still has to go
    upright.info = {key: value for key, value in image.info.items() if key in _FACTS}
    out = BytesIO()
    upright.save(out, format=kind, **options)
    return out.getvalue(), upright.size
