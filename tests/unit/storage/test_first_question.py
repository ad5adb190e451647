"""A process may ask its first question by a statement of ours, before the ORM has asked any."""

import subprocess
import sys
from pathlib import Path

from bot.storage.database import Database
from bot.storage.schema import migrate
from bot.storage.tables import ProtocolRow
from tests.support.database import T0

FIRST = """
import sys
from bot.actions.study import protocol_in_force
from bot.storage.database import Database

with Database(sys.argv[1]).read() as session:
    print(protocol_in_force(session).version)
"""


def test_a_row_that_is_the_first_question_of_a_process_can_be_read(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'diary.sqlite3'}"
    database = Database(url)
    migrate(database)
    with database.write() as session:
        session.add(ProtocolRow(version="7", fingerprint="x", text="x", from_on=T0.date(), adopted_at=T0, reason="x"))
    database.close()
    asked = subprocess.run([sys.executable, "-c", FIRST, url], capture_output=True, text=True, check=False)
    assert (asked.stdout.strip(), asked.stderr) == ("7", "")
