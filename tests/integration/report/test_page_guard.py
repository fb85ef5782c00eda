"""The guard on pages sees what it is there to see: else every other test of a page would pass in vain."""

import asyncio
from pathlib import Path

import pytest

from tests.chromium import Chromium, PageGuard, home_of, serious_faults

POLICY = "default-src 'none'; script-src 'self'; img-src 'self' data: http://192.0.2.1; connect-src http:"

FAULTY = {
    "console.error('oh')": "console error: oh",
    "console.warn('ah')": "console warning: ah",
    "missing()": "page error: missing is not defined",
    "Promise.reject(new Error('late'))": "page error: late",
    "new Image().src = 'http://192.0.2.1/a.png'": "request that leaves the report: http://192.0.2.1/a.png",
    "new Image().src = 'https://a.example/b'": "console error: Loading the image 'https://a.example/b' violates",
    "fetch('http://127.0.0.1:9/')": "request that leaves the report: http://127.0.0.1:9/",
    "new Image().src = '../../outside.png'": "request that leaves the report: file:///",
    "document.body.setAttribute('onclick', '1')": "console error: Executing inline event handler",
    "eval('1')": "page error: Evaluating a string as JavaScript violates",
}


def faults_of(chromium: Chromium, folder: Path, *scripts: str, body: str = "", with_axe: bool = False) -> list[str]:
    """The faults that are noted of a page with scripts in files of their own."""
    for number, script in enumerate(scripts):
        (folder / f"script{number}.js").write_text(script, encoding="utf-8")
    loads = "".join(f"<script src=script{number}.js></script>" for number in range(len(scripts)))
    page_file = folder / "index.html"
    page_file.write_text(
        f'<!doctype html><html lang="en"><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"<title>A page</title><main><h1>A page</h1>{body}</main>{loads}</html>",
        encoding="utf-8",
    )
    with chromium.at_hand() as browser:
        context = browser.new_context()
        guard = PageGuard(context, home_of(page_file.as_uri()))
        page = context.new_page()
        page.goto(page_file.as_uri())
        page.evaluate("new Promise((done) => setTimeout(done))")
        faults = [*guard.faults, *(serious_faults(page) if with_axe else ())]
        context.close()
    return faults


def test_every_fault_is_noted(chromium: Chromium, tmp_path: Path) -> None:
    faults = faults_of(chromium, tmp_path, *FAULTY)
    assert [fault for fault in FAULTY.values() if not any(noted.startswith(fault) for noted in faults)] == [], faults


def test_nothing_is_noted_of_a_page_without_faults(chromium: Chromium, tmp_path: Path) -> None:
    pixel = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAUwAOw=="
    script = f"console.log('well'); const i = new Image(); i.alt = 'one'; i.src = '{pixel}'; document.body.append(i)"
    assert faults_of(chromium, tmp_path, script, with_axe=True) == []


def test_axe_finds_an_image_without_a_name(chromium: Chromium, tmp_path: Path) -> None:
    [fault] = faults_of(chromium, tmp_path, body="<img src=index.html>", with_axe=True)
    assert fault.startswith("image-alt: ")


def test_loops_of_tests_run_beside_a_browser(chromium: Chromium) -> None:
    """The browser's own loop counts as running only while the browser is at hand."""
    assert asyncio.run(asyncio.sleep(0, result="ran")) == "ran"


def test_a_page_of_another_machine_is_refused() -> None:
    with pytest.raises(ValueError, match="another machine"):
        home_of("http://192.0.2.1/index.html")
