"""The built page, held in memory with its headers.

It is read whole at the start, so that no request ever becomes a path on the disk: what isn't in the
table isn't there. The trap: a name may be cached for ever only if the build hashed it; the pages that
name those files must be asked for again each time, or an old page asks for files that are gone.
"""

import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from pixelstream.errors import SettingsError

MAX_BYTES = 64 << 20
"""Bytes of all files together; a larger directory isn't a built page."""

FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "media-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
"""Content Security Policy: everything from here, nothing inline, nothing evaluated."""

SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # a path may hold a lease
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Headers of every answer."""

_HTML = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), payment=(), usb=()",
}

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
}
"""By suffix; the table of the system differs from machine to machine."""

_COMPRESSED = {".png", ".jpg", ".webp", ".woff2", ".mp3", ".mp4", ".ico"}
_HASHED = re.compile(r"[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+$")

_NOT_FOUND = b"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Not found</title></head>
<body><h1>There is no such page</h1><p><a href="/">To the stream</a></p></body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: its bytes, the same compressed if that is smaller, its tag and its headers."""

    body: bytes
    gzipped: bytes | None
    etag: str
    headers: dict[str, str]


class Page:
    """All files of a built page by URL path."""

    def __init__(self, assets: dict[str, Asset]) -> None:
        self._assets = assets
        self.not_found = assets.get("/404.html") or _asset("404.html", _NOT_FOUND)

    @classmethod
    def load(cls, directory: Path) -> "Page":
        """Read every regular file under `directory`; links are left out, as they may lead elsewhere.

        Raises:
            SettingsError: there is no `index.html`, or it is far more than a page.
        """
        if not (directory / "index.html").is_file():
            raise SettingsError(str(directory), ["holds no index.html: build the page first (make player)"])
        assets: dict[str, Asset] = {}
        left = MAX_BYTES
        for file in sorted(directory.rglob("*")):
            name = file.relative_to(directory).as_posix()
            if not file.is_file() or any(part.is_symlink() for part in _between(file, directory)):
                continue
            left -= file.stat().st_size
            if left < 0:
                raise SettingsError(str(directory), [f"holds more than {MAX_BYTES} bytes"])
            assets[f"/{name}"] = _asset(name, file.read_bytes())
        return cls(assets)

    def find(self, path: str) -> Asset | None:
        """Return the file at URL path `path` (percent-decoded); a directory's is its `index.html`."""
        return self._assets.get(path + "index.html" if path.endswith("/") else path)


def _between(file: Path, directory: Path) -> list[Path]:
    """List `file` and its parents below `directory`."""
    return [
        file,
        *(parent for parent in file.parents if parent.is_relative_to(directory) and parent != directory),
    ]


def _asset(name: str, body: bytes) -> Asset:
    suffix = Path(name).suffix.lower()
    small = None if suffix in _COMPRESSED else gzip.compress(body, mtime=0)
    hashed = name.startswith("assets/") and _HASHED.search(name) is not None
    headers = {
        **SECURITY,
        **(_HTML if suffix == ".html" else {}),
        "Content-Type": _TYPES.get(suffix, "application/octet-stream"),
        "Cache-Control": FOR_EVER if hashed else ASK_AGAIN,
        "Vary": "Accept-Encoding",
    }
    tag = hashlib.sha256(body).hexdigest()[:20]
    return Asset(body, small if small and len(small) < len(body) else None, tag, headers)
