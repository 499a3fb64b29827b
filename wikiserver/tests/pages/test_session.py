"""Signing in and out, and what a browser may not do."""

import pytest
from requests import Session

from wikiserver.testing import Wiki
from wikiserver_support.screenless import Browse, Browser


def test_a_stranger_signs_in_and_comes_back_to_the_page(browse: Browse, home: str) -> None:
    browser = browse(None)

    browser.open(f"/spaces/WS2/pages/{home}")
    assert browser.title == "Sign in"
    browser.submit("form.login", status=401, name="ana", password="wrong")
    assert "do not fit" in browser.page.text
    browser.submit("form.login", name="ana", password="ana-secret")

    assert browser.title == "Home"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "/\\evil.example"])
def test_signing_in_never_leads_to_another_site(wiki: Wiki, browse: Browse, target: str) -> None:
    browser = browse(None)
    browser.open("/login")

    browser.submit("form.login", name="ana", password="ana-secret", next=target)

    assert browser.url.startswith(wiki.server.url)


def test_signing_out_ends_it(ana: Browser) -> None:
    ana.open("/spaces/WS2")

    ana.submit(".user-menu form")

    assert ana.open("/spaces/WS2").select_one("form.login")


def test_a_copied_cookie_is_of_no_use_after_signing_out(wiki: Wiki, ana: Browser) -> None:
    cookies = ana.session.cookies.get_dict()
    ana.open("/spaces/WS2")
    with Session() as thief:
        thief.cookies.update(cookies)
        before = thief.get(f"{wiki.url}/spaces/WS2", allow_redirects=False)

        ana.submit(".user-menu form")

        after = thief.get(f"{wiki.url}/spaces/WS2", allow_redirects=False)

    assert before.status_code == 200
    assert after.status_code == 302
    assert "/login" in after.headers["Location"]


def test_a_form_from_another_site_is_refused(wiki: Wiki, ana: Browser, home: str) -> None:
    answer = ana.session.post(
        f"{wiki.url}/pages/{home}/edit", data={"body": "<p>x</p>", "version": "1", "csrf": "guess"}
    )

    assert answer.status_code == 400
    assert wiki.page(home).version == 1


def test_pages_tell_the_browser_to_run_only_our_script(ana: Browser) -> None:
    ana.open("/spaces/WS2")

    assert "script-src 'self'" in ana.answer.headers["Content-Security-Policy"]
