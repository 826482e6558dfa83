"""Where the API server is and what we show it: as a pod, or by a kubeconfig.

The trap: a pod's token is replaced within the hour and its certificate authority may be, too; so the
token's file is read for every request, and the authority's again after each failure to connect.
"""

from __future__ import annotations

import base64
import binascii
import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import yaml

from pixelstream.errors import SettingsError

POD = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where a pod finds its token, certificate authority and namespace."""
HOST_ENV, PORT_ENV = "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"
KUBECONFIG_ENV = "KUBECONFIG"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The way to one API server.

    Attributes:
        server: its URL.
        trust: whom its certificate must come from, and our own certificate if we have one.
        authority: file of the certificate authority, which may be replaced while we run.
        token_file, token: what proves who we are; the file is read anew each time.
    """

    server: str
    trust: ssl.SSLContext
    authority: Path | None = None
    token_file: Path | None = None
    token: str | None = None

    def headers(self) -> dict[str, str]:
        """What a request carries to prove who we are.

        Raises:
            OSError: the token's file can't be read.
        """
        token = self.token_file.read_text(encoding="ascii").strip() if self.token_file else self.token
        return {"Authorization": f"Bearer {token}"} if token else {}

    def renew_trust(self) -> None:
        """Trust the authority that the file names now, beside those that it named before."""
        if self.authority is not None:
            self.trust.load_verify_locations(self.authority)


def find(pod: Path = POD) -> Access:
    """Return the way that the surroundings show: `KUBECONFIG` if it is set, else that of a pod.

    Raises:
        SettingsError: there is neither, or it can't be used.
    """
    named = os.environ.get(KUBECONFIG_ENV)
    return of_kubeconfig(Path(named)) if named else of_pod(pod)


def of_pod(pod: Path = POD) -> Access:
    """Return the way of a pod with a service account's token.

    Raises:
        SettingsError: this is no such pod.
    """
    host, port = os.environ.get(HOST_ENV), os.environ.get(PORT_ENV, "443")
    authority, token = pod / "ca.crt", pod / "token"
    if not host or not token.is_file():
        words = f"this is no pod with a service account's token, and {KUBECONFIG_ENV} names no file"
        raise SettingsError("kubernetes", [words])
    try:
        trust = ssl.create_default_context(cafile=str(authority))
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(str(authority), [f"is no certificate authority: {error}"]) from error
    place = f"[{host}]" if ":" in host else host
    return Access(server=f"https://{place}:{port}", trust=trust, authority=authority, token_file=token)


def of_kubeconfig(file: Path) -> Access:
    """Return the way of a kubeconfig's current context; by certificate or token, not by a plug-in.

    Raises:
        SettingsError: the file can't be used; the text says why.
    """
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
        named = {kind: {one["name"]: one[kind[:-1]] for one in data[kind]} for kind in _KINDS}
        context = named["contexts"][data["current-context"]]
        cluster, user = named["clusters"][context["cluster"]], named["users"][context["user"]]
        server = str(cluster["server"]).rstrip("/")
    except OSError as error:
        raise SettingsError(str(file), [f"cannot be read: {error.strerror}"]) from error
    except (yaml.YAMLError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise SettingsError(str(file), [f"is no whole kubeconfig: {error!r}"]) from error
    if "exec" in user or "auth-provider" in user:
        raise SettingsError(str(file), ["its user comes from a plug-in; name a certificate or a token"])
    try:
        trust = _trust(file.parent, cluster, user)
    except (OSError, ssl.SSLError, binascii.Error) as error:
        raise SettingsError(str(file), [f"its certificates can't be used: {error}"]) from error
    token_file = file.parent / user["tokenFile"] if "tokenFile" in user else None
    return Access(server=server, trust=trust, token_file=token_file, token=user.get("token"))


_KINDS = ("clusters", "users", "contexts")


def _trust(folder: Path, cluster: dict[str, Any], user: dict[str, Any]) -> ssl.SSLContext:
    authority = _bytes(folder, cluster, "certificate-authority")
    trust = ssl.create_default_context(cadata=authority.decode("ascii") if authority else None)
    if cluster.get("insecure-skip-tls-verify"):
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    certificate, key = (_bytes(folder, user, f"client-{part}") for part in ("certificate", "key"))
    if certificate and key:
        with NamedTemporaryFile(suffix=".pem") as both:  # the library takes no bytes
            both.write(certificate + b"\n" + key)
            both.flush()
            trust.load_cert_chain(both.name)
    return trust


def _bytes(folder: Path, where: dict[str, Any], key: str) -> bytes | None:
    if inline := where.get(f"{key}-data"):
        return base64.b64decode(inline, validate=True)
    return (folder / where[key]).read_bytes() if key in where else None
