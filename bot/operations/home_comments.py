"""Messages as comments on the home pages of the workspaces: what is new is a comment, what is over answers it."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.config.policy import SafetySettings
from bot.errors import NotifyError
from bot.notify.message import Message
from bot.operations.workspace import Connect, Workspace
from bot.sync.guard import Guard

_CODE_OR_ADDRESS = re.compile(r"`(?P<code>[^`]+)`|https?://\S+")


@dataclass(frozen=True, slots=True)
class HomeComments:
    """The home pages of *of* as a place for messages. Nothing is written where a person stopped the bot."""

    connect: Connect
    of: Sequence[Workspace]
    safety: SafetySettings

    @property
    def workspaces(self) -> Sequence[str]:
        """The names of the workspaces."""
        return [workspace.name for workspace in self.of]

    def post(self, workspace: str, message: Message, mention: Sequence[str] = (), answers: str | None = None) -> str:
        """Comment on the home page of a workspace, or answer the comment *answers*; returns the id of the comment.

        Raises `StoppedError`, `PageNotFoundError` if the comment to answer is gone, and other errors of the wiki.
        """
        found = next((each for each in self.of if each.name == workspace), None)
        if found is None:
            raise NotifyError(f"there is no workspace {workspace!r} whose home page could get a comment")
        gateway = self.connect(may_write=True)
        data = found.load_data_file().data
        home_id = found.page_finder(gateway, data).get_id(data.workspace.home)
        guard = Guard(
            gateway,
            self.safety,
            stop_pages={workspace: home_id},
            orders=found.folders.stop_orders,
            writes_over_drafts=True,
        )
        obstacle = guard.find_obstacle(workspace, home_id)
        if obstacle is not None:
            raise NotifyError(f"the home page of workspace {workspace!r} gets no comment: {obstacle.reason}")
        name = "userkey" if gateway.has_silent_writes else "account-id"
        return gateway.create_comment(home_id, _as_storage(message, mention, name), parent_id=answers)


def _as_storage(message: Message, mention: Sequence[str], name: str) -> str:
    """Return a message in storage format; *name* is the attribute that names a person."""
    people = "".join(f'<ac:link><ri:user ri:{name}="{html.escape(each)}"/></ac:link> ' for each in mention)
    parts = [f"<p>{people}<strong>{_marked_up(message.title)}</strong></p>"]
    for paragraph in message.body.strip().split("\n\n"):
        lines = (_marked_up(line.strip()) for line in paragraph.splitlines())
        parts.append(f"<p>{'<br/>'.join(lines)}</p>")
    return "".join(parts)


def _marked_up(line: str) -> str:
    """Return a line with its addresses as links, and with code where it has backticks."""
    pieces: list[str] = []
    end = 0
    for match in _CODE_OR_ADDRESS.finditer(line):
        text = html.escape(match["code"] or match[0])
        shown = f"<code>{text}</code>" if match["code"] else f'<a href="{text}">{text}</a>'
        pieces += [html.escape(line[end : match.start()]), shown]
        end = match.end()
    return "".join([*pieces, html.escape(line[end:])])
