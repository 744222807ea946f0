"""The same promises over TLS, where a shut connection and an untrusted one look different."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from socialguard.networks.http import ExchangeFailed, Transport, origin_session
from socialguard.networks.http_exchange import trusting

from .wire import Wire, close, http


def failure(origin: str, transport: Transport) -> ExchangeFailed:
    """Make one write that must fail; return how."""
    session = origin_session(origin, "x:@acme", "X", (), transport)
    with pytest.raises(ExchangeFailed) as caught:
        session.request("POST", origin + "/", json={})
    return caught.value


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a key and a certificate for 127.0.0.1 that nobody has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    signed = builder.add_extension(address, critical=False).sign(key, hashes.SHA256())
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + signed.public_bytes(Encoding.PEM))
    return path


@pytest.fixture
def secure(wire: Wire, certificate: Path) -> Wire:
    """The server, with TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    wire.encrypt(context)
    return wire


def test_a_certificate_that_nobody_signed_proves_that_nothing_was_sent(secure: Wire) -> None:
    found = failure(secure.origin, Transport())
    assert (found.nothing_sent, found.reason) == (True, "no trusted TLS connection")
    assert secure.requests == []


def test_the_operators_authority_is_trusted(secure: Wire, certificate: Path) -> None:
    secure.answers = [http({"ok": True})]
    session = origin_session(secure.origin, "x:@acme", "X", (), Transport(ca_bundle=str(certificate)))
    assert session.request("POST", secure.origin + "/").json() == {"ok": True}


def test_one_context_serves_all_connections_until_the_file_is_another(
    secure: Wire, certificate: Path, tmp_path: Path
) -> None:
    secure.answers = [http({"ok": True})]
    trusted = tmp_path / "authorities.pem"
    trusted.write_bytes(certificate.read_bytes())
    for _ in range(2):
        session = origin_session(secure.origin, "x:@acme", "X", (), Transport(ca_bundle=str(trusted)))
        assert session.request("POST", secure.origin + "/").json() == {"ok": True}
    assert trusting(str(trusted)) is trusting(str(trusted))
    trusted.write_bytes(Path(certifi.where()).read_bytes())
    found = failure(secure.origin, Transport(ca_bundle=str(trusted)))
    assert (found.nothing_sent, found.reason) == (True, "no trusted TLS connection")


def test_a_directory_of_authorities_is_shared_by_no_two_sessions(tmp_path: Path) -> None:
    """A file that is overwritten in place leaves its directory as it was, so what was read says nothing later."""
    assert trusting(str(tmp_path)) is not trusting(str(tmp_path))


def test_a_trusted_certificate_of_another_name_proves_that_nothing_was_sent(
    secure: Wire, certificate: Path
) -> None:
    found = failure(secure.origin.replace("127.0.0.1", "localhost"), Transport(ca_bundle=str(certificate)))
    assert (found.nothing_sent, found.reason) == (True, "no trusted TLS connection")
    assert secure.requests == []


def test_without_the_operators_file_nobody_is_trusted(secure: Wire, tmp_path: Path) -> None:
    for bundle in (tmp_path / "missing.pem", tmp_path):
        found = failure(secure.origin, Transport(ca_bundle=str(bundle)))
        assert (found.nothing_sent, found.reason) == (True, "no trusted TLS connection")


def test_a_proxy_over_tls_is_trusted_as_a_network_is(secure: Wire, certificate: Path) -> None:
    secure.answers = [http({}, 403)]
    for bundle, asked in ((None, 0), (str(certificate), 1)):
        transport = Transport(proxy=secure.origin, ca_bundle=bundle)
        assert failure("https://api.x.com", transport).nothing_sent
        assert [request.method for request in secure.requests] == ["CONNECT"] * asked


@pytest.mark.parametrize("answer", ["close", "drip"])
def test_what_breaks_inside_tls_leaves_the_outcome_unknown(secure: Wire, certificate: Path, answer: str) -> None:
    secure.answers = [close if answer == "close" else secure.drip]
    found = failure(secure.origin, Transport(read=1.0, total=2.0, ca_bundle=str(certificate)))
    assert not found.nothing_sent
    assert len(secure.requests) == 1
    assert ("within 2 s" in found.reason) == (answer == "drip")
