import pytest

from bot.sync.drift import LastApplied, Verdict, digest_of, judge

A, B, C = "<p>a</p>", "<p>b</p>", "<p>c</p>"


def last(text: str, sent: str | None = None) -> LastApplied:
    return LastApplied(7, text, digest_of(text if sent is None else sent))


@pytest.mark.parametrize(
    ("desired", "live", "last_applied", "verdict"),
    [
        (A, A, None, Verdict.IN_SYNC),
        (A, A, last(B), Verdict.IN_SYNC),
        (B, A, last(A), Verdict.BEHIND),
        (A, B, last(A), Verdict.DRIFTED),
        (B, C, last(A), Verdict.CONFLICT),
        (A, B, None, Verdict.UNMANAGED),
        (A, None, None, Verdict.UNMANAGED),
        (A, None, last(A), Verdict.DRIFTED),
        (B, None, last(A), Verdict.CONFLICT),
        (A, "", last(A), Verdict.DRIFTED),
    ],
)
def test_three_states_give_the_verdict(
    desired: str, live: str | None, last_applied: LastApplied | None, verdict: Verdict
) -> None:
    assert judge(desired, live, last_applied) is verdict


def test_what_the_server_made_of_our_text_is_in_sync_as_long_as_nobody_touches_it() -> None:
    rewritten = "<p>a, as some server likes it</p>"

    assert judge(A, rewritten, last(rewritten, sent=A)) is Verdict.IN_SYNC
    assert judge(B, rewritten, last(rewritten, sent=A)) is Verdict.BEHIND
    assert judge(A, B, last(rewritten, sent=A)) is Verdict.DRIFTED


def test_somebody_commenting_on_our_words_is_no_drift() -> None:
    commented = '<p><ac:inline-comment-marker ac:ref="x">a</ac:inline-comment-marker></p>'

    assert judge(B, commented, last(A)) is Verdict.BEHIND


def link(key: str) -> str:
    return f'<p><ac:link><ri:page{key} ri:content-title="B" /></ac:link></p>'


def test_the_key_of_the_own_space_in_a_link_is_no_change() -> None:
    bare, own = link(""), link(' ri:space-key="WS2"')

    assert judge(bare, own, None, space_key="WS2") is Verdict.IN_SYNC
    assert judge(A, own, last(bare), space_key="WS2") is Verdict.BEHIND
    assert judge(bare, A, last(own), space_key="WS2") is Verdict.DRIFTED
    assert judge(bare, own, None) is Verdict.UNMANAGED


def test_the_digest_is_the_one_in_version_messages() -> None:
    assert digest_of(A) == digest_of("<p> a </p>") == "df5ddd75e1"
