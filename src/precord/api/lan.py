"""What lets a phone in: this machine's address, a certificate of its own, and a QR code.

Needs `segno` and `cryptography`, which `pip install 'precord[lan]'` brings.
"""

import hashlib
import io
import ipaddress
import os
import socket
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from precord.errors import PrecordError

if TYPE_CHECKING:  # an extra
    import segno
    from cryptography import x509

_DAYS = 397  # the longest that phones accept
_MISSING = "--lan needs two more packages: pip install 'precord[lan]'"


def own_address() -> str:
    """Return this machine's address in the local network; nothing is sent for it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # RFC 5737: an address that is nobody's
            return str(probe.getsockname()[0])
        except OSError as error:
            raise PrecordError("this machine has no address in a network; see --name") from error


def make_certificate(folder: Path, names: Sequence[str]) -> tuple[Path, Path]:
    """Write a certificate for *names* and its key into *folder*; return their paths.

    A certificate that is there already is used again while it lasts, so that a phone which has
    accepted it need not do so anew.
    """
    try:
        from cryptography import x509  # noqa: PLC0415 - an extra
        from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    except ImportError as error:
        raise PrecordError(_MISSING) from error
    cert_path, key_path = folder / "precord-cert.pem", folder / "precord-key.pem"
    now = datetime.now(UTC)
    if cert_path.is_file() and key_path.is_file():
        old = x509.load_pem_x509_certificate(cert_path.read_bytes())
        known = old.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        if old.not_valid_after_utc > now and {str(n.value) for n in known} >= set(names):
            return cert_path, key_path
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "precord")])
    others = [_to_name(n) for n in ("127.0.0.1", "localhost", *names)]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=_DAYS))
        .add_extension(x509.SubjectAlternativeName(others), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    key_path.unlink(missing_ok=True)
    with os.fdopen(os.open(key_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secret)
    cert_path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return cert_path, key_path


def _to_name(name: str) -> "x509.GeneralName":
    """Return *name* as a certificate holds it."""
    from cryptography import x509  # noqa: PLC0415 - an extra

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def certificate_fingerprint(path: Path) -> str:
    """Return the SHA-256 of the certificate at *path*, as browsers show it."""
    der = ssl.PEM_cert_to_DER_cert(path.read_text("ascii"))
    digest = hashlib.sha256(der).hexdigest().upper()
    return ":".join(digest[i : i + 2] for i in range(0, len(digest), 2))


def draw_qr(text: str) -> str:
    """Return *text* as a QR code of characters for a terminal."""
    drawn = io.StringIO()
    _make_qr(text).terminal(drawn, compact=True)
    return drawn.getvalue()


def picture_qr(text: str) -> str:
    """Return *text* as a QR code for a page: the address of an SVG, dark on light in any scheme."""
    return str(_make_qr(text).svg_data_uri(scale=8, border=4, dark="#000", light="#fff"))


def _make_qr(text: str) -> "segno.QRCode":
    """Return *text* as a QR code of which 15 % may be unreadable."""
    try:
        import segno  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise PrecordError(_MISSING) from error
    return segno.make_qr(text, error="m")
