"""The cluster's certificates: an authority of its own, a certificate for each that serves or asks."""

from __future__ import annotations

import base64
import datetime
import ipaddress
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pipelines.files import write_json
from tests.cluster import layout as at
from tests.cluster.layout import Layout

_DAYS = 365
_COMPLETE = "complete.json"  # written last: without it the folder is half made and is made anew
# name of the files → (common name, organization)
CLIENTS = {
    "admin": ("admin", "system:masters"),
    "controller-manager": ("system:kube-controller-manager", ""),
    "scheduler": ("system:kube-scheduler", ""),
    "proxy": ("system:kube-proxy", ""),
    "cpu": ("system:node:cpu", "system:nodes"),
    "gpu": ("system:node:gpu", "system:nodes"),
    "kubelet-client": ("apiserver-kubelet-client", "system:masters"),
}
_API_NAMES = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost")
_API_ADDRESSES = ("127.0.0.1", at.API_SERVICE, at.HOST)


@dataclass(frozen=True)
class Signer:
    """A certificate authority."""

    key: ec.EllipticCurvePrivateKey
    name: x509.Name


def ensure(layout: Layout) -> bool:
    """Have all keys, certificates and kubeconfigs there; returns whether they were made now."""
    if (layout.pki / _COMPLETE).is_file():
        return False
    layout.pki.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority = _authority(layout.pki, "ca", "stillhouse-test-cluster")
    _issue(layout.pki, authority, "apiserver", "kube-apiserver", server=True)
    for file, (name, organization) in CLIENTS.items():
        _issue(layout.pki, authority, file, name, organization)
        _kubeconfig(layout, file, f"https://{at.HOST}:{at.API_PORT}")
    _kubeconfig(layout, "admin", f"https://127.0.0.1:{at.API_PORT}")
    front = _authority(layout.pki, "front-ca", "stillhouse-front-proxy")
    _issue(layout.pki, front, "front-client", "front-proxy-client")
    key = ec.generate_private_key(ec.SECP256R1())
    _write_key(layout.pki / "service-accounts.key", key)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (layout.pki / "service-accounts.pub").write_bytes(public)
    write_json(layout.pki / _COMPLETE, True)
    return True


def _authority(folder: Path, file: str, name: str) -> Signer:
    key = ec.generate_private_key(ec.SECP256R1())
    signer = Signer(key, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
    builder = _builder(signer.name, signer, key).add_extension(x509.BasicConstraints(True, None), critical=True)
    _write(folder, file, key, builder.sign(key, hashes.SHA256()))
    return signer


def _issue(folder: Path, signer: Signer, file: str, name: str, organization: str = "", *, server: bool = False) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    parts += [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization)] if organization else []
    purpose = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
    builder = _builder(x509.Name(parts), signer, key)
    builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    if server:
        builder = builder.add_extension(x509.SubjectAlternativeName(_api_names()), critical=False)
    _write(folder, file, key, builder.sign(signer.key, hashes.SHA256()))


def _builder(subject: x509.Name, signer: Signer, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer.name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=_DAYS))
    )


def _api_names() -> Sequence[x509.GeneralName]:
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in _API_NAMES]
    return [*names, *(x509.IPAddress(ipaddress.ip_address(address)) for address in _API_ADDRESSES)]


def _write(folder: Path, file: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
    _write_key(folder / f"{file}.key", key)
    (folder / f"{file}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    path.touch(mode=0o600)
    path.write_bytes(pem)


def _kubeconfig(layout: Layout, user: str, server: str) -> None:
    """JSON, which is YAML; everything within, so that the one file is all that a client needs."""

    def data(name: str) -> str:
        return base64.b64encode((layout.pki / name).read_bytes()).decode()

    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": "stillhouse", "cluster": {"server": server, "certificate-authority-data": data("ca.crt")}}
        ],
        "users": [
            {
                "name": user,
                "user": {"client-certificate-data": data(f"{user}.crt"), "client-key-data": data(f"{user}.key")},
            }
        ],
        "contexts": [{"name": "stillhouse", "context": {"cluster": "stillhouse", "user": user}}],
        "current-context": "stillhouse",
    }
    path = layout.run / f"{user}.kubeconfig"
    path.touch(mode=0o600)
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
