"""The edge's page: headers that are right, and nothing from outside its directory."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from pixelstream.apps.edge.app import serving
from pixelstream.apps.edge.page import Page
from pixelstream.errors import SettingsError
from pixelstream.settings.edge import EdgeListen, EdgeSettings
from tests.support.raw import raw_get


@pytest.fixture
def page(tmp_path: Path) -> Path:
    root = tmp_path / "page"
    (root / "assets").mkdir(parents=True)
    (root / "index.html").write_text("<!doctype html><title>Stream</title>" + " " * 500)
    (root / "assets" / "index-Bx7a9c2d.js").write_text("export const a = 1;" * 50)
    (root / "assets" / "logo.svg").write_text("<svg/>")
    (root / "help").mkdir()
    (root / "help" / "index.html").write_text("help")
    (tmp_path / "secret.txt").write_text("outside")
    (root / "link.txt").symlink_to(tmp_path / "secret.txt")
    (root / "linked").symlink_to(tmp_path)
    return root


def settings(page: Path) -> EdgeSettings:
    return EdgeSettings(listen=EdgeListen(host="127.0.0.1", port=0), page_dir=page)


async def get(page: Path, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    async with serving(settings(page)) as edge, httpx.AsyncClient() as client:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return await client.request(method, f"http://127.0.0.1:{edge.listener.port}{path}", headers=sent)


async def test_the_page_is_asked_for_again_each_time_and_allows_nothing_inline_or_from_elsewhere(
    page: Path,
) -> None:
    for path in ("/", "/index.html", "/?fleet=a"):
        response = await get(page, path)
        assert response.status_code == 200
        assert "Stream" in response.text
        assert response.headers["cache-control"] == "no-cache"
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "no-referrer"
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert "*" not in policy


async def test_hashed_files_are_kept_for_ever_and_others_are_not(page: Path) -> None:
    hashed = await get(page, "/assets/index-Bx7a9c2d.js")
    assert hashed.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert hashed.headers["content-type"] == "text/javascript; charset=utf-8"
    assert hashed.headers["x-content-type-options"] == "nosniff"
    assert (await get(page, "/assets/logo.svg")).headers["cache-control"] == "no-cache"


async def test_a_known_tag_is_answered_304_and_head_without_a_body(page: Path) -> None:
    first = await get(page, "/")
    again = await get(page, "/", if_none_match=first.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    head = await get(page, "/", method="HEAD")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == first.headers["content-length"]


async def test_text_travels_compressed_to_those_who_can_read_it(page: Path) -> None:
    packed = await get(page, "/assets/index-Bx7a9c2d.js", accept_encoding="gzip, br")
    plain = await get(page, "/assets/index-Bx7a9c2d.js", accept_encoding="identity")
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text
    assert packed.headers["etag"] != plain.headers["etag"]
    assert packed.headers["vary"] == "Accept-Encoding"


async def test_what_is_not_there_has_a_page_that_says_so(page: Path) -> None:
    response = await get(page, "/nowhere")
    assert response.status_code == 404
    assert "There is no such page" in response.text
    assert "content-security-policy" in response.headers
    (page / "404.html").write_text("our own words")
    assert (await get(page, "/nowhere")).text == "our own words"


async def test_a_directory_answers_with_its_index(page: Path) -> None:
    assert (await get(page, "/help/")).text == "help"
    assert (await get(page, "/assets/")).status_code == 404


@pytest.mark.parametrize(
    "target",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/assets/../../secret.txt",
        "/..%2fsecret.txt",
        "//secret.txt",
        "/assets/%00",
        "/link.txt",
        "/linked/secret.txt",
        "/..\\secret.txt",
    ],
)
async def test_no_path_leaves_the_directory(page: Path, target: str) -> None:
    async with serving(settings(page)) as edge:
        answer = await raw_get(edge.listener.port, target)
    assert b" 404 " in answer.partition(b"\r\n")[0]
    assert b"outside" not in answer


def test_a_directory_without_a_page_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="build the page first"):
        Page.load(tmp_path)


def test_a_directory_that_is_far_more_than_a_page_is_refused(
    page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pixelstream.apps.edge.page.MAX_BYTES", 100)
    with pytest.raises(SettingsError, match="more than 100 bytes"):
        Page.load(page)
