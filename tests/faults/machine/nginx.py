"""The proxy of the chart on this machine: its very nginx.conf, with ports and folders of our own.

The trap: what the chart's template has beside plain values would be served as it stands, so anything
left of the template is an error. In a cluster the router leads `/ws` to the matchmaker; here nginx does.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import yaml

from tests.setup.progress import ROOT

PROGRAM = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin") or "nginx"
"""Debian puts servers where only root's path leads."""
CHART = ROOT / "charts" / "pixelstream" / "charts" / "proxy"
_TEMPLATE = re.compile(r'define "proxy\.nginx" -?\}\}\n(?P<text>.*?)\n\{\{- end -\}\}', re.DOTALL)
_VALUE = re.compile(r"\{\{ \.Values\.(?P<path>[\w.]+) \}\}")
_ROUTER = """    location /ws {{
      proxy_pass http://127.0.0.1:{matchmaker};
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_header;
      proxy_read_timeout 3600s;
    }}
    location / {{ return 404; }}"""


def render(folder: Path, *, port: int, gate: int, matchmaker: int, linger: int) -> str:
    """Return nginx.conf.

    Args:
        folder: for its files.
        port: where it listens.
        gate: port of the gate.
        matchmaker: port to which `/ws` leads.
        linger: seconds that open sockets may last once it was told to quit.

    Raises:
        ValueError: the template has more in it than values.
    """
    found = _TEMPLATE.search((CHART / "templates" / "_config.tpl").read_text(encoding="utf-8"))
    if found is None:
        raise ValueError("the proxy's chart has no nginx.conf any more where it was")
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    values["terminationGracePeriodSeconds"] = linger
    text = _VALUE.sub(lambda match: str(_value(values, match["path"])), found["text"])
    for old, new in (
        ("listen 8080;", f"listen 127.0.0.1:{port};"),
        ("127.0.0.1:3001", f"127.0.0.1:{gate}"),
        ("/tmp/", f"{folder}/"),  # noqa: S108 - what stands in the chart
        ("/dev/stdout", f"{folder}/access.log"),
        ("/dev/stderr", f"{folder}/error.log"),
        ("worker_processes auto;", "worker_processes 2;\nuser root;"),
        ("    location / { return 404; }", _ROUTER.format(matchmaker=matchmaker)),
    ):
        if old not in text:
            raise ValueError(f"the proxy's nginx.conf has no {old!r} any more")
        text = text.replace(old, new)
    if "{{" in text:
        raise ValueError("the proxy's nginx.conf has more of a template in it than values")
    return text


def _value(values: dict[str, Any], path: str) -> Any:
    found: Any = values
    for name in path.split("."):
        found = found[name]
    return found
