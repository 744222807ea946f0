"""Entries for a collector of security logs: as they stand, as valid events of OCSF, and to each kind of sink."""

import http.server
import json
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import ocsf_json_schema
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from socialguard import errors
from socialguard.audit import ocsf, streaming
from socialguard.audit.anchors.interface import AnchorFailed, Statement
from socialguard.audit.anchors.syslog import SyslogAnchor
from socialguard.audit.interface import Entry
from socialguard.audit.sinks.interface import SinkFailed
from socialguard.audit.sinks.places import FileSink, PostSink, SyslogSink, opened
from socialguard.canon import merkle
from tests.audit.conftest import ACTOR, ORG
from tests.audit.world import World

NAMES = {"a-1": "x:@acme", "m-1": "Marie"}


def events(world: World) -> list[dict[str, Any]]:
    return [json.loads(line) for _, line in streaming.lines(world.database, ORG, "ocsf", NAMES)]


@cache
def validator(class_uid: int) -> jsonschema.protocols.Validator:
    schema = ocsf_json_schema.OcsfJsonSchemaEmbedded(ocsf_json_schema.get_ocsf_schema(version=ocsf.SCHEMA))
    return jsonschema.Draft202012Validator(schema.get_class_schema(schema.lookup_class_name_from_uid(class_uid)))


@pytest.mark.parametrize(
    ("action", "obj", "class_uid", "activity"),
    [
        ("vault.unlock", {}, 3002, 1),
        ("vault.lock", {}, 3002, 2),
        ("account.add", {"workers": ["w-1"]}, 3001, 1),
        ("account.remove", {}, 3001, 6),
        ("credential.rotate", {}, 3001, 3),
        ("freeze", {"scope": "all"}, 3001, 9),
        ("member.add", {"member": "m-2"}, 3001, 1),
        ("policy.apply", {}, 3004, 3),
        ("workspace.found", {}, 3004, 1),
        ("grant", {"member": "m-2", "right": "publish"}, 3005, 1),
        ("revoke", {"member": "m-2", "rights": ["publish", "author"]}, 3005, 2),
        ("delivery.send", {"calls": 1}, 6003, 1),
        ("delivery.delete", {}, 6003, 4),
        ("backup.run", {}, 6003, 2),
        ("something.new", {"nested": {"list": [1, "two"]}}, 6003, 99),
    ],
)
def test_each_kind_of_entry_is_a_valid_event_of_its_class(
    world: World, action: str, obj: dict[str, object], class_uid: int, activity: int
) -> None:
    world.add(Entry(action, "ok", ACTOR, account="a-1", corr="c-9", reason="because", obj=obj))
    event = events(world)[-1]
    assert (event["class_uid"], event["activity_id"]) == (class_uid, activity)
    assert event["type_uid"] == class_uid * 100 + activity
    validator(class_uid).validate(event)
    with pytest.raises(jsonschema.ValidationError):
        validator(class_uid).validate({**event, "metadata": {}})


def test_every_event_is_valid_and_carries_index_and_leaf_hash(world: World) -> None:
    found = events(world)
    leaves = [json.loads(line)["leaf"] for _, line in streaming.lines(world.database, ORG, "jsonl", {})]
    assert len(found) == len(leaves) == 9
    for at, (event, leaf) in enumerate(zip(found, leaves, strict=True)):
        validator(event["class_uid"]).validate(event)
        leaf_hash = merkle.leaf_hash(leaf.encode()).hex()
        assert (event["metadata"]["sequence"], event["metadata"]["uid"]) == (at, leaf_hash)
        assert (event["unmapped"]["seq"], event["unmapped"]["leaf_hash"]) == (at, leaf_hash)


def test_what_was_refused_as_tampered_is_critical(world: World) -> None:
    world.add(Entry("tampering.refuse", "tampered", ACTOR))
    assert (events(world)[-1]["severity_id"], events(world)[-1]["status_id"]) == (5, 2)


def test_a_stream_goes_on_after_a_place(world: World) -> None:
    assert [at for at, _ in streaming.lines(world.database, ORG, "jsonl", {}, after=(0, 6))] == [(0, 7), (0, 8)]


class Server:
    """A TCP or TLS server on this machine that keeps what it is sent."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.received: list[bytes] = []
        self._context = context
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        plain, _ = self._socket.accept()
        try:
            connection = plain if self._context is None else self._context.wrap_socket(plain, server_side=True)
            with connection:
                data = b""
                while more := connection.recv(65536):
                    data += more
                if isinstance(connection, ssl.SSLSocket):
                    connection.unwrap()
            self.received.append(data)
        except OSError:
            plain.close()

    def close(self) -> list[bytes]:
        self._thread.join(10)
        self._socket.close()
        return self.received


@pytest.fixture
def authority(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's context and the file with the certificate that it is believed by."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(now - timedelta(days=1))
    builder = builder.not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    certificate = tmp_path / "certificate.pem"
    certificate.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    private = tmp_path / "key.pem"
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)
    return context, certificate


def messages(data: bytes) -> list[str]:
    """Take octet-counted messages apart (RFC 6587)."""
    found = []
    while data:
        length, _, rest = data.partition(b" ")
        found.append(rest[: int(length)].decode())
        data = rest[int(length) :]
    return found


def test_a_syslog_server_gets_a_message_for_each_line_over_tls(authority: tuple[ssl.SSLContext, Path]) -> None:
    context, certificate = authority
    server = Server(context)
    SyslogSink(f"syslog+tls://localhost:{server.port}", str(certificate)).send(['{"a":1}', '{"b":"é"}'])
    (data,) = server.close()
    first, second = messages(data)
    assert first.startswith("<110>1 2")
    assert first.endswith(' audit - {"a":1}')
    assert second.endswith('{"b":"é"}')


def test_a_syslog_server_that_nobody_vouches_for_gets_nothing(authority: tuple[ssl.SSLContext, Path]) -> None:
    server = Server(authority[0])
    with pytest.raises(SinkFailed):
        SyslogSink(f"syslog+tls://localhost:{server.port}", None).send(["secret"])
    assert server.close() == []


def test_a_syslog_anchor_sends_each_checkpoint_and_fails_where_nobody_listens() -> None:
    server = Server()
    anchor = SyslogAnchor(f"syslog+tcp://127.0.0.1:{server.port}")
    anchor.publish([Statement(ORG, 0, 3, b"note one"), Statement(ORG, 0, 5, b"note two")])
    (data,) = server.close()
    assert [one.rsplit(" ", 1)[1] for one in messages(data)] == ["bm90ZSBvbmU=", "bm90ZSB0d28="]
    assert anchor.outside
    with pytest.raises(AnchorFailed):
        anchor.publish([Statement(ORG, 0, 3, b"note one")])


@pytest.mark.parametrize(("status", "taken"), [(204, True), (500, False), (302, False)])
def test_an_http_sink_believes_2xx_only(status: int, taken: bool) -> None:
    got: list[bytes] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.handle_request, daemon=True)
    thread.start()
    sink = PostSink(f"http://127.0.0.1:{server.server_port}/in", None)
    if taken:
        sink.send(["one", "two"])
    else:
        with pytest.raises(SinkFailed):
            sink.send(["one", "two"])
    thread.join(10)
    server.server_close()
    assert got == [b"one\ntwo\n"]


def test_a_file_sink_appends_for_its_owner_only(tmp_path: Path) -> None:
    sink = FileSink(tmp_path / "audit.jsonl")
    sink.send(["one"])
    sink.send(["two"])
    assert (tmp_path / "audit.jsonl").read_text() == "one\ntwo\n"
    assert (tmp_path / "audit.jsonl").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text", ["ftp://x", "file:", "https://user:word@siem/in", "syslog+tls://", "file:workspace/log", "siem"]
)
def test_what_is_no_sink_is_refused(text: str, tmp_path: Path) -> None:
    place = text.replace("workspace", str(tmp_path))
    with pytest.raises(errors.UsageError):
        opened(place, tmp_path, None)
