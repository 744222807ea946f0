"""The files of a post: their bytes are kept when it is written, so that what was confirmed is what is sent."""

import hashlib
import os
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Final

from socialguard import errors
from socialguard.model.delivery import Media

MAX_BYTES: Final = 64 * 1024 * 1024
_UNKNOWN_TYPE: Final = "application/octet-stream"


class MediaStore:
    """A directory of files named by their SHA-256, each written once, 0600."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def keep(self, source: Path, alt: str) -> Media:
        """Copy the file at `source` into the store and return it as media; an image loses its EXIF data
        (camera, place, name), re-encoded only where it has some.

        Raises Unreadable, or UsageError for a file over 64 MiB."""
        try:
            modified = datetime.fromtimestamp(source.stat().st_mtime, UTC)
            if source.stat().st_size > MAX_BYTES:
                raise errors.UsageError(detail=f"{source.name} is larger than {MAX_BYTES // 1024 // 1024} MiB.")
            data = source.read_bytes()
        except OSError as problem:
            raise errors.Unreadable(
                path=source.name, detail=problem.strerror or "it cannot be opened.", remedy="Check --media."
            ) from None
        data, content_type = _clean_image(data)
        digest = hashlib.sha256(data).hexdigest()
        self._write(digest, data)
        return Media(digest, content_type, len(data), alt, source.name, modified)

    def read(self, item: Media) -> bytes:
        """Return the bytes of `item`; Tampered where they are not those that were kept."""
        try:
            data = (self.path / item.sha256).read_bytes()
        except OSError as problem:
            raise errors.Unreadable(path=item.file_name, detail=problem.strerror or "it is gone.") from None
        if hashlib.sha256(data).hexdigest() != item.sha256:
            raise errors.Tampered(what=f"The file {item.file_name}", detail="its bytes are not those confirmed.")
        return data

    def _write(self, digest: str, data: bytes) -> None:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        target = self.path / digest
        if target.exists() and hashlib.sha256(target.read_bytes()).hexdigest() == digest:
            return
        part = self.path / f"{digest}.{os.getpid()}.part"
        try:
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        except OSError:
            part.unlink(missing_ok=True)
            raise errors.DiskFull(path=self.path.name) from None


def _clean_image(data: bytes) -> tuple[bytes, str]:
    """The bytes without EXIF and the type that they really are; what is no image stays as it is."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(BytesIO(data)) as image:
            content_type = Image.MIME.get(image.format or "", _UNKNOWN_TYPE)
            if not image.getexif() or image.format not in ("JPEG", "PNG", "WEBP", "TIFF"):
                return data, content_type
            upright = ImageOps.exif_transpose(image)
            out = BytesIO()
            quality = {"quality": 95} if image.format in ("JPEG", "WEBP") else {}
            upright.save(out, format=image.format, exif=b"", **quality)
            return out.getvalue(), content_type
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError):
        return data, _UNKNOWN_TYPE
