"""The personal link: what it opens, what it never leaves behind, and what anybody else gets."""

import io
import logging
import re
from collections.abc import Iterator

import pytest
import structlog
from sqlmodel import select

from bot.actions.make_diary_link import diary_link_address
from bot.actions.revoke_diary_link import revoke_diary_link
from bot.errors import NotAllowedError, RefusedError
from bot.log import set_up
from bot.people.actor import Actor, ActorKind, Origin, operator_actor
from bot.people.keys import token_hash
from bot.storage.participants import participant_by_code
from bot.storage.tables import AnswerRow, AuditRow, DiaryLinkRow, PanelRow, ParticipantRow
from bot.storage.trail import Trail
from tests.support.diary_page import Browser, Tab, browser, diary_link, page_app, walk_in
from tests.support.world import FIRST_DAY, World

DISEASE_WORDS = ("crohn", "克罗恩", "cdai", "trial", "试验", "study", "stool", "便", "pain", "痛")


def revoke(world: World, code: str = "SH-001") -> None:
    with world.db.write() as session:
        trail = Trail(session, world.now, operator_actor("test"), Origin.COMMAND, participant=code)
        revoke_diary_link(trail, participant_by_code(session, code))


def test_a_link_becomes_a_cookie_that_no_script_reads_and_leaves_the_address(world: World) -> None:
    world.enrol()
    token = diary_link(world)
    client = browser(page_app(world)).client
    answer = client.get(f"/diary/{token}", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/diary/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert token not in answer.headers["set-cookie"]
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert token not in client.get("/diary/").text


def test_over_https_the_cookie_is_bound_to_its_host(world: World) -> None:
    world.enrol()
    app = page_app(world, public_url="https://diary.example.org")
    answer = browser(app).client.get(f"/diary/{diary_link(world)}", follow_redirects=False)
    assert answer.headers["set-cookie"].startswith("__Host-diary=")
    assert "Secure" in answer.headers["set-cookie"]
    assert "strict-transport-security" in answer.headers


def test_only_the_hash_of_a_token_is_kept(world: World) -> None:
    world.enrol()
    token = diary_link(world)
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", token)  # 128 bits
    assert [row.token_hash for row in world.rows(DiaryLinkRow)] == [token_hash(token)]
    assert token not in "".join(str(event.model_dump()) for event in world.rows(AuditRow))


def test_unknown_revoked_and_missing_links_get_the_same_page(world: World) -> None:
    world.enrol()
    token = diary_link(world)
    revoke(world)
    pages = []
    for path in (f"/diary/{token}", "/diary/" + "A" * 22, "/diary/", "/diary/more", "/diary/x/y", "/diary/%00"):
        tab = Tab(browser(page_app(world)).client).open(path)
        assert tab.status == 404
        pages.append(re.sub(r'name="csrf" value="\w*"', "", tab.html))
    assert len(set(pages)) == 1
    assert not [word for word in DISEASE_WORDS if word in pages[0].lower()]


def test_a_new_link_ends_the_one_before(world: World, phone: Browser) -> None:
    new = diary_link(world)
    assert phone.tab().status == 404
    assert phone.follow(new).status == 200


def test_a_link_that_is_revoked_in_mid_entry_takes_no_further_answer(world: World, evening: Tab) -> None:
    evening.tap("Start").tap("4")
    revoke(world)
    evening.tap("1 Mild")
    assert evening.status == 404
    assert [(row.item, row.value) for row in world.rows(AnswerRow)] == [("stools", 4)]


def test_following_the_link_again_leaves_forms_in_other_tabs_working(world: World) -> None:
    world.enrol()
    token = diary_link(world)
    phone = browser(page_app(world))
    first = phone.follow(token)
    phone.follow(token)
    first.tap("English")
    assert first.status == 200
    assert "Agree" in first.labels


def test_opening_a_link_without_touching_anything_joins_nobody(world: World) -> None:
    world.enrol()
    token = diary_link(world)
    for _preview in range(3):
        browser(page_app(world)).client.get(f"/diary/{token}", follow_redirects=False)
    assert (world.participant().joined_at, world.rows(PanelRow)) == (None, [])


def test_joining_on_the_page_takes_language_notice_and_hour(world: World) -> None:
    world.enrol(language="zh")
    tab = browser(page_app(world)).follow(diary_link(world))
    assert tab.labels == ["English", "中文"] or tab.labels == ["中文", "English"]
    tab.tap("中文")
    assert not [word for word in DISEASE_WORDS if word in tab.text]
    assert world.study.protocol.sites[0].phone in tab.text
    assert world.participant().joined_at is None
    tab.tap("同意").tap("20:30")
    row: ParticipantRow = world.participant()
    assert (row.language, row.hour, row.joined_at, row.notice_version) == ("zh", "20:30", world.now, "P1")


def test_not_now_records_nothing_and_can_be_thought_over(world: World) -> None:
    world.enrol()
    tab = browser(page_app(world)).follow(diary_link(world)).tap("English").tap("Not now")
    assert "nothing will be asked" in tab.text
    assert world.participant().joined_at is None
    walk_in(tab.tap("Read it again"))
    assert world.participant().joined_at is not None


def test_a_form_without_its_token_or_from_another_browser_or_site_is_refused(world: World, evening: Tab) -> None:
    action, data = evening.tap("Start").post_of("4")
    other = browser(page_app(world)).follow(diary_link_of(world, evening))
    for forged, headers in (
        ({**data, "csrf": ""}, {}),
        ({**data, "csrf": other.post_of("4")[1]["csrf"]}, {}),
        (data, {"origin": "https://elsewhere.example"}),
        (data, {"sec-fetch-site": "cross-site"}),
    ):
        assert Tab(evening.client).post(action, forged, headers=headers).status == 403
    assert world.rows(AnswerRow) == []
    assert evening.post(action, data, headers={"origin": "null", "sec-fetch-site": "same-origin"}).status == 200
    assert len(world.rows(AnswerRow)) == 1


def diary_link_of(world: World, evening: Tab) -> str:
    """A second link that works beside the first, as another device of the same participant would need."""
    token = "S" * 22
    with world.db.write() as session:
        row = session.exec(select(DiaryLinkRow).where(DiaryLinkRow.revoked_at == None)).one()  # noqa: E711  # SQL's IS NULL
        session.add(DiaryLinkRow(participant_id=row.participant_id, token_hash=token_hash(token), created_at=world.now))
    return token


def test_a_tampered_cookie_opens_nothing(world: World, phone: Browser) -> None:
    phone.client.cookies.clear()
    for value in ("1", "x" * 200, "gAAAAA=="):
        phone.client.cookies.set("diary", value)
        assert phone.tab().status == 404


def test_a_body_that_is_too_long_is_refused_and_nothing_is_saved(world: World, evening: Tab) -> None:
    action, data = evening.tap("Start").post_of("4")
    assert evening.post(action, {**data, "more": "x" * 100_000}).status == 403
    assert world.rows(AnswerRow) == []


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything that is logged, on the most talkative level."""
    root, written = logging.getLogger(), io.StringIO()
    before, level = root.handlers[:], root.level
    set_up(stream=written, level=logging.DEBUG)
    yield written
    root.handlers[:] = before
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def test_no_address_log_line_or_header_holds_an_answer_a_token_or_a_code(world: World, lines: io.StringIO) -> None:
    world.enrol()
    token = diary_link(world)
    phone = browser(page_app(world))
    seen: list[str] = []
    phone.client.event_hooks["response"].append(
        lambda answer: seen.append(f"{answer.request.url} {answer.headers.get('location')}")
    )
    tab = walk_in(phone.follow(token))
    world.wait_for(FIRST_DAY, "20:00")
    tab.open().tap("Start").tap("10+").tap("20+").type("secretword twentythree").type("23").tap("Yes, 23")
    opened, *others = seen
    assert token in opened
    assert {re.sub(r"^http://[^/]+", "", one).split(" ")[0] for one in others} == {
        "/diary/", "/diary/tap", "/diary/number",
    }  # fmt: skip
    assert {one.split(" ")[1] for one in others} == {"None", "/diary/"}
    for secret in (token, "secretword", "SH-001", "twentythree", world.rows(DiaryLinkRow)[0].token_hash):
        assert secret not in lines.getvalue()


@pytest.mark.parametrize(
    ("public_url", "listen", "found"),
    [
        ("https://diary.example.org", "0.0.0.0:8080", "https://diary.example.org/diary/t"),
        (None, "127.0.0.1:8080", "http://127.0.0.1:8080/diary/t"),
        (None, "[::1]:8080", "http://[::1]:8080/diary/t"),
        (None, "localhost:9000", "http://localhost:9000/diary/t"),
        (None, "0.0.0.0:8080", None),
        (None, "127.0.0.1:0", None),
        (None, None, None),
    ],
)
def test_a_link_has_an_address_only_where_somebody_could_open_it(
    public_url: str | None, listen: str | None, found: str | None
) -> None:
    assert diary_link_address("t", public_url=public_url, listen=listen) == found


def test_links_are_for_the_site_team_to_make_and_revoke(world: World) -> None:
    world.enrol()
    diary_link(world)
    monitor = Actor(ActorKind.STAFF, "Monitor", "monitor")
    with world.db.write() as session, pytest.raises(NotAllowedError, match="revoke diary links"):
        revoke_diary_link(Trail(session, world.now, monitor, Origin.CLINIC), participant_by_code(session, "SH-001"))
    revoke(world)
    with pytest.raises(RefusedError, match="SH-001 has no diary link"):
        revoke(world)


def test_whoever_has_left_gets_no_new_link(world: World) -> None:
    world.enrol()
    with world.db.write() as session:
        participant_by_code(session, "SH-001").withdrawn_at = world.now
    with pytest.raises(RefusedError, match="a diary link would lead nowhere"):
        diary_link(world)
