"""Keys, certificates and kubeconfigs of a cluster, made anew for each start.

Trap: the node's components know the API server as 127.0.0.1, the tests know it as 10.200.0.2;
its certificate must carry both, and the service address that pods use.
"""

import base64
import datetime as dt
import ipaddress
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.cluster.node.paths import API_SERVICE_ADDRESS, NODE_ADDRESS, NODE_NAME

LIFETIME = dt.timedelta(days=365)
BACKDATED = dt.timedelta(hours=1)
SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
API_NAMES = [
    "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
    "localhost", "127.0.0.1", API_SERVICE_ADDRESS, NODE_ADDRESS,
]  # fmt: skip
# certificate: (authority, common name, organisation, use, names)
CERTIFICATES: dict[str, tuple[str, str, str, x509.ObjectIdentifier, list[str]]] = {
    "apiserver": ("ca", "kube-apiserver", "", SERVER, API_NAMES),
    "apiserver-kubelet-client": ("ca", "apiserver-kubelet-client", "system:masters", CLIENT, []),
    "front-proxy-client": ("front-proxy-ca", "front-proxy-client", "", CLIENT, []),
    "admin": ("ca", "admin", "system:masters", CLIENT, []),
    "controller-manager": ("ca", "system:kube-controller-manager", "", CLIENT, []),
    "scheduler": ("ca", "system:kube-scheduler", "", CLIENT, []),
    "kube-proxy": ("ca", "system:kube-proxy", "", CLIENT, []),
    "kube-router": ("ca", "kube-router", "system:masters", CLIENT, []),
    "kubelet": ("ca", f"system:node:{NODE_NAME}", "system:nodes", CLIENT, []),
    "kubelet-server": (
        "ca", f"system:node:{NODE_NAME}", "system:nodes", SERVER, [NODE_NAME, NODE_ADDRESS, "127.0.0.1"],
    ),
}  # fmt: skip


class Authority:
    """A certificate authority that lives as long as this process, unless its key is written down."""

    def __init__(self, common_name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _subject(common_name, "")
        builder = _builder(self._name, self._name, self._key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        builder = builder.add_extension(_key_usage(signs_certificates=True), critical=True)
        self._certificate = builder.sign(self._key, hashes.SHA256())
        self.pem = self._certificate.public_bytes(serialization.Encoding.PEM)
        self.key_pem = _private(self._key)

    def issue(
        self, common_name: str, organisation: str, use: x509.ObjectIdentifier, names: list[str]
    ) -> tuple[bytes, bytes]:
        """A certificate and its key, both PEM, for the given use and names."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(_subject(common_name, organisation), self._name, key.public_key())
        builder = builder.add_extension(_key_usage(signs_certificates=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        if names:
            alternatives = x509.SubjectAlternativeName([_alternative(name) for name in names])
            builder = builder.add_extension(alternatives, critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        return certificate.public_bytes(serialization.Encoding.PEM), _private(key)


def _subject(common_name: str, organisation: str) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organisation:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    return x509.Name(parts)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder(issuer_name=issuer, subject_name=subject, public_key=key)
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - BACKDATED).not_valid_after(now + LIFETIME)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _private(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def kubeconfig(server: str, authority: bytes, certificate: bytes, key: bytes) -> str:
    """Text of a kubeconfig for one user of one cluster."""

    def encoded(data: bytes) -> str:
        return base64.b64encode(data).decode()

    name = "pixelstream-test"
    server_part = {"server": server, "certificate-authority-data": encoded(authority)}
    user_part = {"client-certificate-data": encoded(certificate), "client-key-data": encoded(key)}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": server_part}],
        "users": [{"name": name, "user": user_part}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
    return yaml.safe_dump(config)


def write(folder: Path, configs: Path, admin: Path) -> None:
    """Write certificates to `folder`, the components' kubeconfigs to `configs`, the admin's to `admin`."""
    for path in (folder, configs):
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o700)
    authorities = {name: Authority(name) for name in ("ca", "front-proxy-ca")}
    for name, authority in authorities.items():
        (folder / f"{name}.crt").write_bytes(authority.pem)
    (folder / "ca.key").write_bytes(authorities["ca"].key_pem)  # the controller-manager signs with it
    for name, (issuer, common_name, organisation, use, names) in CERTIFICATES.items():
        certificate, key = authorities[issuer].issue(common_name, organisation, use, names)
        (folder / f"{name}.crt").write_bytes(certificate)
        (folder / f"{name}.key").write_bytes(key)
        if use is CLIENT and issuer == "ca":
            target = admin if name == "admin" else configs / f"{name}.kubeconfig"
            server = NODE_ADDRESS if name == "admin" else "127.0.0.1"
            target.write_text(kubeconfig(f"https://{server}:6443", authorities["ca"].pem, certificate, key))
            target.chmod(0o600)
    _service_account_keys(folder)


def _service_account_keys(folder: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (folder / "sa.key").write_bytes(_private(key))
    (folder / "sa.pub").write_bytes(public)
