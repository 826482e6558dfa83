"""The errors that pixelstream raises across its own layers.

PixelstreamError
    SettingsError    a settings file that cannot be used; names every fault at once
    LeaseError       a lease that admits nobody; `code` says why
    DialError        a websocket that could not be opened

Each stores its data and composes its text late, so that callers can act on the data.
"""


class PixelstreamError(Exception):
    """Base of all errors of this package; the CLI prints its text and exits 1."""


class SettingsError(PixelstreamError):
    """A settings file that cannot be used.

    Attributes:
        file: the file as it was named.
        faults: one line for each fault: key path, value and what would be right.
    """

    def __init__(self, file: str, faults: list[str]) -> None:
        super().__init__(file, faults)
        self.file = file
        self.faults = faults

    def __str__(self) -> str:
        head = f"{self.file}: {len(self.faults)} fault(s)"
        return "\n".join([head, *(f"  {fault}" for fault in self.faults)])


class LeaseError(PixelstreamError):
    """A lease that admits nobody.

    Attributes:
        code: `malformed`, `unknown_key`, `forged`, `expired`, `foreign` (another stream's),
            `unknown_stream` (one that isn't there) or `outrun` (a newer lease of that seat exists).
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail

    def __str__(self) -> str:
        return f"lease {self.code}: {self.detail}"


class DialError(PixelstreamError):
    """A websocket that could not be opened within its deadline."""

    def __init__(self, url: str, cause: str) -> None:
        super().__init__(url, cause)
        self.url = url
        self.cause = cause

    def __str__(self) -> str:
        return f"cannot open {self.url}: {self.cause}"
