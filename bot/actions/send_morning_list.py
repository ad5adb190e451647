"""The morning list as a chat message to staff who linked their chat: queued ahead, worded when it goes, once a day."""

import json
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.actions.link_staff_chat import language_of_staff, linked_chats
from bot.actions.study import Study
from bot.messages.rendered import Rendered
from bot.messages.team import ListForChat, render_list
from bot.people.roles import Permission, Role, can
from bot.storage.outbox import enqueue
from bot.storage.tables import MessageRow, StaffChatRow, StaffRow
from schedules.delivery import expiry
from schedules.protocol import StudyProtocol
from schedules.reminders import MessageKind
from schedules.windows import instant

if TYPE_CHECKING:
    from bot.storage.views.morning import MorningList

MORNING: Final = "morning"
AT: Final = time(8)
ONE_DAY: Final = timedelta(days=1)


def queue_morning_lists(session: Session, *, study: Study, now: datetime, link: str | None) -> int:
    """Queue the next morning's list for every linked chat; answers how many were new."""
    return sum(_queue_one(session, row, study.protocol, now, link) for row in linked_chats(session))


def _queue_one(session: Session, row: StaffChatRow, protocol: StudyProtocol, now: datetime, link: str | None) -> int:
    staff = session.get(StaffRow, row.staff_id)
    if staff is None or not can(Role(staff.role), Permission.SEE_COMPLETENESS):
        return 0
    tzid = staff_zone(staff, protocol)
    today = now.astimezone(ZoneInfo(tzid)).date()
    due_at = instant(today, AT, tzid)
    on = today if due_at > now else today + ONE_DAY
    due_at = instant(on, AT, tzid)
    message = MessageRow(
        dedupe_key=f"staff/{staff.id}/{MORNING}/{on}",
        staff_id=staff.id,
        address=row.address,
        kind=MessageKind.STAFF.value,
        payload=json.dumps({MORNING: on.isoformat(), "link": link}),
        wall_date=on,
        wall_time=AT,
        tzid=tzid,
        due_at=due_at,
        not_after=expiry(MessageKind.STAFF, due_at, tzid),
        created_at=now,
    )
    return int(enqueue(session, message))


def staff_zone(staff: StaffRow, protocol: StudyProtocol) -> str:
    """The zone of the account's site, or the study's for several sites."""
    own = next((site for site in protocol.sites if site.id == staff.site), None)
    return own.timezone if own else protocol.timezone


def word_morning_list(session: Session, row: MessageRow, *, study: Study, now: datetime) -> tuple[int, Rendered] | None:
    """The chat and the words of a queued list, as things stand now; None when nothing is on it, or nobody to tell."""
    from bot.storage.views.morning import read_morning  # the board beneath it takes long to load at a start

    chats = {chat.address for chat in linked_chats(session, row.staff_id)}
    staff = session.get(StaffRow, row.staff_id) if row.staff_id else None
    if staff is None or not chats:
        return None
    found = read_morning(session, study.protocol, now, scope=staff.site)
    if not found.total:
        return None
    address = next(iter(chats)) or 0
    language = language_of_staff(session, staff.id or 0)
    link = json.loads(row.payload).get("link")
    return address, render_list(for_chat(found, now, staff_zone(staff, study.protocol), link), language)


def for_chat(found: "MorningList", now: datetime, tzid: str, link: str | None) -> ListForChat:
    """The list in codes and counts."""
    return ListForChat(
        on=now.astimezone(ZoneInfo(tzid)).date(),
        save=[(one.code, min(one.closings, default=None)) for one in found.save],
        cannot=[one.code for one in found.cannot],
        unreached=[one.code for one in found.unreached],
        tzid=tzid,
        link=link,
    )
