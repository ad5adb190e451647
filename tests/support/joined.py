"""People who have joined already, without playing it through: for tests of what comes after."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from bot.actions.enrol import Enrolment, enrol
from bot.people.actor import Origin, operator_actor, participant_actor
from bot.settings import load_settings
from bot.storage.tables import ChatRow, MessageRow
from bot.storage.trail import Trail, insert, update
from bot.wiring import open_study
from tests.support.line import Request
from tests.support.live import TOKEN, Live


def enrol_joined(site: Live, users: Iterable[int], *, hour: str = "20:00") -> None:
    """Enrol people as the command does and bind their chats as joining does, in this process; asked at this hour."""
    settings = load_settings(
        env_file=None, secrets_dir=None, data_dir=site.folder, database_url=site.database_url, telegram_token=TOKEN,
        telegram_api_url=f"{site.api_url}/bot", study_clock=site.clock_file,
    )  # fmt: skip
    with open_study(settings, writing=True) as room, room.database.write() as session:
        for number, user in enumerate(users, start=1):
            code, before = f"SH-{number:03d}", room.clock.now() - timedelta(days=2)
            given = Enrolment(
                code=code, site="seh", sex="female", height_cm=Decimal(165), language="en", timezone="Asia/Shanghai",
                baseline_on=site.baseline(),
            )  # fmt: skip
            trail = Trail(session, before, operator_actor("tests"), Origin.COMMAND, shifted=False)
            person = enrol(trail, given, study=room.study).participant
            joining = Trail(session, before, participant_actor(code), Origin.CHAT, shifted=False)
            chat = ChatRow(participant_id=person.id, address=user, bound_at=before, reached_at=before)
            insert(joining, chat, "bind_chat", fields=("channel", "bound_at"))
            update(joining, person, "join", language="en", joined_at=before, hour=hour)
            site.api.add_person(user, f"Planted{code}", "en").started = True


def sends(site: Live) -> list[Request]:
    """The messages that the bot has asked to send."""
    return [one for one in list(site.line.requests) if one.method == "sendMessage"]


def prompts(site: Live) -> list[MessageRow]:
    """The rows of all prompts."""
    return site.rows(MessageRow, MessageRow.kind == "prompt")


def next_prompt(site: Live) -> datetime:
    """When people are asked next."""
    return min(row.due_at for row in prompts(site) if row.state == "planned")


def to_the_eve_of_the_next_prompt(site: Live) -> None:
    """Shortly before people are asked, so that nothing else is due."""
    site.settle()
    site.step_to(next_prompt(site) - timedelta(seconds=30))


def asked(site: Live, user: int) -> bool:
    """Whether this person's card of the day can be begun."""
    return site.labels(user)[:1] == ["Start"]
