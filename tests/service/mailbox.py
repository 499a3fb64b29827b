"""A mail server on loopback that keeps what it is sent."""

import email
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Mailbox:
    """The mails to the server on *port*, as (recipients, subject, text)."""

    port: int
    mails: list[tuple[list[str], str, str]] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 -- its name
        del server, session
        content = envelope.content
        assert isinstance(content, bytes)
        mail = email.message_from_bytes(content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        body = mail.get_body(("plain",))
        text = body.get_content() if body is not None else ""
        self.mails.append((list(envelope.rcpt_tos), str(mail["Subject"]), text.replace("\r\n", "\n")))
        return "250 OK"

    @property
    def subjects(self) -> list[str]:
        return [subject for _, subject, _ in self.mails]

    def address(self, to: str = "ops@example.org") -> str:
        """The address of the server for Apprise."""
        return f"mailto://127.0.0.1:{self.port}?from=wikibot@example.org&to={to}&format=text"


@contextmanager
def running_mailbox() -> Iterator[Mailbox]:
    """Serve during the block."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    mailbox = Mailbox(port)
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()
