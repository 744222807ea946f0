"""The files of a post: what tells about a person is gone, the picture is the same, nothing else is ever sent."""

import os
import random
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms, ImageOps, PngImagePlugin

from socialguard import errors
from socialguard.model.delivery import Media
from socialguard.publishing.media import MAX_BYTES, MediaStore

ORIENTATION, MAKER, GPS = 0x0112, 0x010F, 0x8825
SECRETS = (b"Leica of Marie", b"Marie's garden", b"GPSLatitude", b"Exif", b"Corner of the lake")


def picture() -> Image.Image:
    """A picture whose corners differ, so that a turn shows."""
    image = Image.new("RGB", (64, 40), (250, 250, 250))
    image.paste((220, 20, 20), (0, 0, 24, 16))
    image.paste((20, 20, 220), (40, 24, 64, 40))
    return image


def exif(orientation: int = 1) -> Image.Exif:
    """What a phone writes: maker, orientation, place."""
    found = Image.Exif()
    found[ORIENTATION] = orientation
    found[MAKER] = "Leica of Marie"
    found.get_ifd(GPS)[1] = "N"
    found.get_ifd(GPS)[2] = (46.0, 12.0, 7.5)
    return found


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, format=kind, **options)
    return out.getvalue()


@pytest.fixture
def store(tmp_path: Path) -> MediaStore:
    return MediaStore(tmp_path / "workspace" / "media")


def kept(store: MediaStore, data: bytes, name: str = "photo.jpg") -> tuple[Media, bytes]:
    """Keep a file with these bytes and return what would be sent."""
    source = store.path.parent.parent / name
    source.write_bytes(data)
    item = store.keep(source, "alt")
    return item, store.read(item)


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return the mean difference of two pictures' samples, 0 to 255."""
    assert one.size == other.size
    pairs = zip(one.convert("RGB").tobytes(), other.convert("RGB").tobytes(), strict=True)
    return sum(abs(a - b) for a, b in pairs) / (one.width * one.height * 3)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_loses_its_place_and_maker_and_stays_as_it_is_seen(
    store: MediaStore, kind: str, orientation: int
) -> None:
    data = encoded(picture(), kind, exif=exif(orientation))
    with Image.open(BytesIO(data)) as original:
        seen = ImageOps.exif_transpose(original)
    item, sent = kept(store, data)
    assert not any(secret in sent for secret in SECRETS)
    with Image.open(BytesIO(sent)) as image:
        assert not dict(image.getexif())
        assert difference(seen, image) < 4
    assert item.content_type == f"image/{kind.lower()}"
    assert item.size == len(sent)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {"xmp": b"<x:xmpmeta>GPSLatitude</x:xmpmeta>"}),
        ("JPEG", {"comment": b"Marie's garden"}),
        ("JPEG", {"extra": b"\xff\xed\x00\x14Corner of the lake"}),
        ("WEBP", {"xmp": b"<x:xmpmeta>GPSLatitude</x:xmpmeta>"}),
        ("WEBP", {"xmp": b"<x:xmpmeta>GPSLatitude</x:xmpmeta>", "lossless": True}),
    ],
)
def test_other_notes_in_a_photo_are_gone_too(store: MediaStore, kind: str, options: dict[str, Any]) -> None:
    data = encoded(picture(), kind, **options)
    assert any(secret in data for secret in SECRETS)
    _item, sent = kept(store, data)
    assert not any(secret in sent for secret in SECRETS)
    with Image.open(BytesIO(sent)) as image:
        assert difference(picture(), image) < 4


@pytest.mark.parametrize("key", ["Comment", "XML:com.adobe.xmp", "Raw profile type exif"])
def test_texts_inside_a_png_are_gone(store: MediaStore, key: str) -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_itxt(key, "Marie's garden")
    _item, sent = kept(store, encoded(picture(), "PNG", pnginfo=notes), "drawing.png")
    assert b"garden" not in sent
    with Image.open(BytesIO(sent)) as image:
        assert difference(picture(), image) == 0


def test_a_picture_of_a_phone_with_several_frames_is_sent_as_a_plain_jpeg(store: MediaStore) -> None:
    data = encoded(picture(), "MPO", save_all=True, append_images=[picture()], exif=exif(6))
    assert Image.open(BytesIO(data)).format == "MPO"
    item, sent = kept(store, data)
    assert item.content_type == "image/jpeg"
    assert not any(secret in sent for secret in SECRETS)
    with Image.open(BytesIO(sent)) as image:
        assert (image.format, image.size) == ("JPEG", (40, 64))


def test_a_damaged_exif_block_is_removed_and_not_a_reason_to_send_it(store: MediaStore) -> None:
    data = encoded(picture(), "JPEG", exif=exif()).replace(b"MM\x00*", b"MM\x00!")
    item, sent = kept(store, data)
    assert not any(secret in sent for secret in SECRETS)
    assert item.content_type == "image/jpeg"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_keeps_its_colour_profile(store: MediaStore, kind: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    _item, sent = kept(store, encoded(picture(), kind, exif=exif(), icc_profile=profile))
    with Image.open(BytesIO(sent)) as image:
        assert image.info["icc_profile"] == profile


def test_a_picture_without_notes_is_sent_byte_for_byte(store: MediaStore) -> None:
    for kind in ("JPEG", "PNG", "WEBP", "GIF"):
        data = encoded(picture(), kind)
        assert kept(store, data)[1] == data


def test_a_moving_picture_still_moves(store: MediaStore) -> None:
    frames = [picture(), ImageOps.mirror(picture())]
    for kind in ("PNG", "WEBP"):
        options = {"save_all": True, "append_images": frames[1:], "duration": 50, "exif": exif()}
        _item, sent = kept(store, encoded(frames[0], kind, **options))
        with Image.open(BytesIO(sent)) as image:
            assert getattr(image, "n_frames", 1) == 2
        assert not any(secret in sent for secret in SECRETS)


def test_a_cleaned_photo_is_hardly_larger_than_it_was(store: MediaStore) -> None:
    noise = Image.frombytes("RGB", (200, 200), random.Random(7).randbytes(120_000))
    for orientation in (1, 6):
        data = encoded(noise, "JPEG", quality=60, exif=exif(orientation))
        assert len(kept(store, data)[1]) < 1.1 * len(data)


def test_the_type_comes_from_the_bytes_and_not_from_the_name(store: MediaStore) -> None:
    assert kept(store, encoded(picture(), "PNG"), "photo.jpg")[0].content_type == "image/png"
    assert kept(store, b"#!/bin/sh\nrm -rf /", "photo.jpg")[0].content_type == "application/octet-stream"
    assert kept(store, b"%!PS-Adobe-3.0 EPSF-3.0\n", "photo.png")[0].content_type == "application/octet-stream"
    assert kept(store, b"", "empty.png")[0].content_type == "application/octet-stream"


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "image/heic"),
        (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf", "image/avif"),
        (b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2", "video/mp4"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "video/quicktime"),
        (b"%PDF-1.7\n", "application/pdf"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml"),
    ],
)
def test_a_file_that_no_network_takes_is_told_by_its_type(
    store: MediaStore, data: bytes, content_type: str
) -> None:
    """`v.mp4` is what its name says, and is refused as such."""
    assert kept(store, data, "file")[0].content_type == content_type


def test_a_damaged_picture_is_refused_before_anything_is_sent(store: MediaStore) -> None:
    for kind in ("PNG", "JPEG", "WEBP"):
        data = encoded(picture(), kind)
        with pytest.raises(errors.Unreadable, match=r"photo\.png.*damaged"):
            kept(store, data[: len(data) * 3 // 4], "photo.png")


def test_damaged_bytes_end_in_a_picture_or_a_clear_refusal(
    store: MediaStore, capfd: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(11)
    bases = [encoded(picture(), kind, exif=exif(6)) for kind in ("JPEG", "PNG", "WEBP", "TIFF")]
    refused = 0
    for _ in range(400):
        data = bytearray(chance.choice(bases))
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            item, sent = kept(store, bytes(data))
            assert item.size == len(sent)
        except errors.Unreadable:
            refused += 1
    assert 0 < refused < 400
    assert capfd.readouterr() == ("", "")


def test_a_bomb_of_pixels_is_refused(store: MediaStore) -> None:
    bomb = encoded(Image.new("1", (16_000, 16_000)), "PNG")
    assert len(bomb) < 100_000
    with pytest.raises(errors.Unreadable, match="more pixels than can be opened safely"):
        kept(store, bomb, "bomb.png")


def test_a_file_that_is_not_there_or_not_a_file_is_unreadable(store: MediaStore, tmp_path: Path) -> None:
    for source in (tmp_path / "nope.png", tmp_path):
        with pytest.raises(errors.Unreadable) as refused:
            store.keep(source, "")
        assert refused.value.what_to_do() == "Check --media."
        assert source.name in str(refused.value)


def test_a_file_that_is_too_large_is_refused_without_being_read_whole(store: MediaStore, tmp_path: Path) -> None:
    large = tmp_path / "film.png"
    with large.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(errors.UsageError, match=r"film\.png is larger than 64 MiB"):
        store.keep(large, "")
    with pytest.raises(errors.UsageError, match="zero is larger than 64 MiB"):
        store.keep(Path("/dev/zero"), "")


def test_bytes_that_were_changed_in_the_store_are_never_sent(store: MediaStore) -> None:
    item, _sent = kept(store, encoded(picture(), "PNG"))
    place = store.path / item.sha256
    place.write_bytes(encoded(ImageOps.mirror(picture()), "PNG"))
    with pytest.raises(errors.Tampered, match=r"photo\.jpg.*not those confirmed"):
        store.read(item)
    place.unlink()
    with pytest.raises(errors.Unreadable, match=r"photo\.jpg"):
        store.read(item)


def test_keeping_a_file_again_mends_the_store(store: MediaStore) -> None:
    data = encoded(picture(), "PNG")
    item, _sent = kept(store, data)
    (store.path / item.sha256).write_bytes(b"something else")
    assert kept(store, data) == (item, data) or kept(store, data)[0].sha256 == item.sha256
    assert store.read(item) == data


def test_the_store_is_private_and_holds_nothing_half_written(store: MediaStore) -> None:
    item, _sent = kept(store, encoded(picture(), "PNG"))
    assert store.path.stat().st_mode & 0o777 == 0o700
    assert (store.path / item.sha256).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in store.path.iterdir()] == [item.sha256]


@pytest.mark.skipif(not os.access("/dev/full", os.W_OK), reason="needs /dev/full")
def test_a_full_disk_is_said_and_leaves_nothing(store: MediaStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, flags: int, mode: int = 0o777, **options: int) -> int:
        return (
            real("/dev/full", os.O_WRONLY) if str(path).endswith(".part") else real(path, flags, mode, **options)
        )

    real = os.open
    monkeypatch.setattr("socialguard.publishing.media.os.open", full)
    with pytest.raises(errors.DiskFull):
        kept(store, encoded(picture(), "PNG"))
    assert list(store.path.iterdir()) == []


def jpeg_part(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content


def hidden_places() -> dict[str, bytes]:
    """Files with a secret where programs put it and decoders do not look, by what wrote it there."""
    secret = b"Corner of the lake"
    jpeg, png, webp = (encoded(picture(), kind) for kind in ("JPEG", "PNG", "WEBP"))
    found = {
        "the film of a phone": jpeg + b"\0\0\0\x18ftypmp42" + secret,
        "a cropper": png + secret,
        "a sender": webp + secret,
        "a small picture": jpeg[:20] + jpeg_part(0xE0, b"JFXX\0\x10" + secret) + jpeg[20:],
        "a maker": jpeg[:20] + jpeg_part(0xE2, b"FPXR\0" + secret) + jpeg[20:],
        "a late comment": jpeg[:-2] + jpeg_part(0xFE, secret) + jpeg[-2:],
        "a riff editor": webp[:4] + (len(webp) + 18).to_bytes(4, "little") + webp[8:] + b"note\x12\0\0\0" + secret,
    }
    for name in (b"caBX", b"prVw"):
        chunks = PngImagePlugin.PngInfo()
        chunks.add(name, secret)
        found[name.decode()] = encoded(picture(), "PNG", pnginfo=chunks)
    named_like_a_fact = PngImagePlugin.PngInfo()
    named_like_a_fact.add_text("gamma", secret.decode())
    return found | {"a text": encoded(picture(), "PNG", pnginfo=named_like_a_fact)}


@pytest.mark.parametrize("writer", hidden_places())
def test_what_decoders_pass_over_is_not_sent(store: MediaStore, writer: str) -> None:
    data = hidden_places()[writer]
    item, sent = kept(store, data)
    assert b"Corner of the lake" in data
    assert b"Corner of the lake" not in sent
    assert item.removed == ("notes",)
    with Image.open(BytesIO(sent)) as shown, Image.open(BytesIO(data)) as given:
        assert difference(shown, given) < 2


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_alone_is_sent_to_the_letter(store: MediaStore, kind: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    forms: list[dict[str, Any]] = [{}, {"icc_profile": profile}]
    own: dict[str, dict[str, Any]] = {
        "JPEG": {"progressive": True},
        "PNG": {"dpi": (72, 72)},
        "WEBP": {"lossless": True},
    }
    forms.append(own[kind])
    if kind != "JPEG":
        forms.append({"save_all": True, "append_images": [picture().rotate(180)], "duration": 100})
    for options in forms:
        data = encoded(picture(), kind, **options)
        item, sent = kept(store, data)
        assert (sent, item.removed) == (data, ()), options
