"""Drafts that an earlier version kept in `desk.sqlite`: they move to the one store of drafts, as forms to finish."""

import json

from bot.desk.desk import Desk
from bot.log import logger
from bot.operations.drafts import DraftForm, Drafts

_TITLE_LENGTH = 200


def move_earlier_drafts(desk: Desk) -> None:
    """Move the drafts of each workspace of the settings; those of other workspaces stay, with a warning."""
    with desk.database.connection() as connection:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'drafts'").fetchone() is None:
            return
        rows = connection.execute("SELECT * FROM drafts ORDER BY id").fetchall()
    stores = {each.name: Drafts(each, desk.clock) for each in desk.workspaces}
    for row in rows:
        store = stores.get(row["workspace"])
        if store is None:
            logger.warning(
                "{}: the draft “{}” of {} stays in the table `drafts`, because no workspace is named {}",
                desk.database.path,
                row["title"],
                row["owner"],
                row["workspace"],
            )
            continue
        form = DraftForm(place=row["place"], title=row["title"][:_TITLE_LENGTH], fields=json.loads(row["fields"]))
        moved = store.add(None, row["owner"], form)
        with desk.database.connection() as connection:
            connection.execute("DELETE FROM drafts WHERE id = ?", (row["id"],))
        logger.info("the draft “{}” of {} is draft {} now", row["title"], row["owner"], moved.number)
