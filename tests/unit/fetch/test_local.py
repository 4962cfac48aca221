from __future__ import annotations

import os
from pathlib import Path

import pytest

from mirabelle.fetch.local import LocalFetcher
from mirabelle.fetch.request import FetchError, Request
from tests.unit.fetch.conftest import Site


async def test_a_file_comes_with_the_type_of_its_ending(tmp_path: Path) -> None:
    path = tmp_path / "my start.vxml"
    path.write_bytes(b"<vxml/>")
    response = await LocalFetcher().fetch(Request(url=path.as_uri() + "?from=here#form"))
    assert (response.status, response.content_type, response.body) == (200, "application/voicexml+xml", b"<vxml/>")


async def test_this_machine_is_reached_without_a_configuration(site: Site) -> None:
    site.page("/", b"hello")
    fetcher = LocalFetcher()
    assert (await fetcher.fetch(Request(url=site.url()))).body == b"hello"
    await fetcher.aclose()


async def test_a_redirect_of_a_server_does_not_read_files(site: Site) -> None:
    site.page("/", b"", "302 Found", "Location: file:///etc/passwd")
    fetcher = LocalFetcher()
    with pytest.raises(FetchError, match="only http"):
        await fetcher.fetch(Request(url=site.url()))
    await fetcher.aclose()


async def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    assert (await LocalFetcher().fetch(Request(url=(tmp_path / "no.vxml").as_uri()))).status == 404


async def test_a_folder_or_a_pipe_is_no_document(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        assert (await LocalFetcher().fetch(Request(url=path.as_uri()))).status == 403


async def test_nothing_is_posted_to_a_file(tmp_path: Path) -> None:
    assert (await LocalFetcher().fetch(Request(url=(tmp_path / "x").as_uri(), method="POST", form=[]))).status == 405


async def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(bytes(101))
    with pytest.raises(FetchError) as caught:
        await LocalFetcher().fetch(Request(url=(tmp_path / "big").as_uri(), max_bytes=100))
    assert caught.value.reason == "too_large"


@pytest.mark.parametrize("url", ["file:relative.vxml", "file://elsewhere/x", "file:///a%00b"])
async def test_a_file_url_that_means_no_local_file_is_refused(url: str) -> None:
    with pytest.raises(FetchError):
        await LocalFetcher().fetch(Request(url=url))
