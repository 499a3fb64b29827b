"""A download that is kept in memory."""


class MemorySink:
    """*content* is what was written since the last restart."""

    def __init__(self) -> None:
        self.content = b""

    def restart(self) -> None:
        self.content = b""

    def write(self, data: bytes) -> None:
        self.content += data
