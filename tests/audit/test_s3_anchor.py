"""The log in a bucket with Object Lock: what is taken, what is refused, and what nobody can take back."""

from collections.abc import Iterator
from typing import Any

import pytest

from socialguard import errors
from socialguard.audit.anchors.interface import AnchorFailed, Statement
from socialguard.audit.anchors.s3 import S3Anchor
from tests.audit.conftest import ORG
from tests.audit.s3_server import service
from tests.office import Office, office

__all__ = ["office"]

KEY = "AKIAEXAMPLE0"
SECRET = "a-secret-of-the-bucket"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with service() as address:
        yield address


@pytest.fixture
def s3(endpoint: str) -> Any:
    import boto3  # type: ignore[import-untyped] # it has no types

    keys = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET}
    return boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **keys)


@pytest.fixture
def bucket(s3: Any, request: pytest.FixtureRequest) -> str:
    """A bucket that locks what it takes for 30 days."""
    name = f"b-{abs(hash(request.node.name))}"
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    retention = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 30}}
    s3.put_object_lock_configuration(
        Bucket=name, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": retention}
    )
    return name


def anchor(endpoint: str, bucket: str, secret: str = f"{KEY} {SECRET}", prefix: str = "/log") -> S3Anchor:
    return S3Anchor(f"s3://{bucket}{prefix}?endpoint={endpoint}", lambda: secret)


def statement(size: int, root: str = "root") -> Statement:
    return Statement(ORG, 0, size, f"origin\n{size}\n{root}\n\n— key signature\n".encode())


def test_each_checkpoint_is_an_object_that_nobody_can_delete(endpoint: str, bucket: str, s3: Any) -> None:
    made = anchor(endpoint, bucket)
    made.publish([statement(3), statement(7)])
    made.publish([statement(7), statement(9)])
    assert list(made.notes(ORG)) == [statement(size).note for size in (3, 7, 9)]
    assert list(made.notes("another")) == []
    versions = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert len(versions) == 3
    for one in versions:
        with pytest.raises(s3.exceptions.ClientError, match="AccessDenied"):
            s3.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])


def test_another_checkpoint_of_one_size_is_refused_and_not_written(endpoint: str, bucket: str, s3: Any) -> None:
    anchor(endpoint, bucket).publish([statement(7)])
    with pytest.raises(AnchorFailed, match="another checkpoint of one size"):
        anchor(endpoint, bucket).publish([statement(7, "another")])
    assert list(anchor(endpoint, bucket).notes(ORG)) == [statement(7).note]
    assert len(s3.list_object_versions(Bucket=bucket)["Versions"]) == 1


def test_a_bucket_that_locks_nothing_is_no_anchor(endpoint: str, s3: Any) -> None:
    s3.create_bucket(Bucket="unlocked")
    with pytest.raises(AnchorFailed, match="it locks nothing"):
        anchor(endpoint, "unlocked").publish([statement(3)])
    with pytest.raises(AnchorFailed, match="it locks nothing"):
        list(anchor(endpoint, "unlocked").notes(ORG))


def test_what_cannot_be_used_is_told_without_the_key(endpoint: str, bucket: str) -> None:
    for made, words in (
        (anchor(endpoint, "no-such-bucket"), "it answered 404 .NoSuchBucket."),
        (anchor("http://127.0.0.1:9", bucket), "it cannot be reached"),
        (anchor(endpoint, bucket, "only-one-word"), "not an id and a secret"),
    ):
        with pytest.raises(AnchorFailed, match=words) as told:
            made.publish([statement(3)])
        assert SECRET not in str(told.value) + repr(told.value) + repr(vars(made))
        with pytest.raises(AnchorFailed):
            list(made.notes(ORG))


def test_the_environment_leads_nothing_elsewhere(
    endpoint: str, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.setenv(name, "another")
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
    made = anchor(endpoint, bucket)
    made.publish([statement(3)])
    assert list(made.notes(ORG)) == [statement(3).note]


def test_a_workspace_anchors_its_log_in_a_bucket(office: Office, endpoint: str, bucket: str) -> None:
    """Out of reach first, what waits is sent later; then the log is proved outside, until it is another."""
    place = f"s3://{bucket}?endpoint={endpoint}"
    (office.home / "socialguard.toml").write_text(f'[audit]\nanchors = ["{place}"]\n')
    assert office.post("Hello", "x:@acme").code == 0
    assert office.cli("audit", "checkpoint", "--json").code == 18  # there is no key for it yet
    assert office.cli("audit", "anchor", "key", place, stdin=f"{KEY} {SECRET}").code == 0
    assert office.cli("audit", "checkpoint", "--json").code == 0
    told = office.cli("audit", "verify", "--require-anchor", "--json")
    assert (told.code, told.document["anchored"]) == (0, "outside"), told.stdout
    made = anchor(endpoint, bucket, prefix="")
    with office.entered() as workspace:
        org = workspace.org
    lines = next(iter(made.notes(org))).split(b"\n")
    made.publish([Statement(org, 0, 10**6, b"\n".join([*lines[:2], b"A" * 43 + b"=", *lines[3:]]))])
    found = office.cli("audit", "verify", "--json")
    assert found.code == 13
    assert "anchor" in {one["kind"] for one in found.document["problems"]}


@pytest.mark.parametrize(
    "text",
    [
        "s3://",
        "s3:bucket",
        "s3://id:secret@bucket/log",
        "s3://bucket/log?endpoint=http://storage.example",
        "s3://bucket/log?endpoint=https://id:secret@storage.example",
        "s3://bucket/log?key=a-secret",
    ],
)
def test_a_place_with_a_key_in_it_or_without_encryption_is_refused(text: str) -> None:
    with pytest.raises(errors.UsageError):
        S3Anchor(text, lambda: "")
