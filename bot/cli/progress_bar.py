"""The progress bar of a terminal: how much is done, how fast, and how much time is left."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        """Return the steps per second."""
        return Text(f"{task.speed:.1f}/s" if task.speed else "", style="progress.data.speed")


def make_progress(console: Console) -> Progress:
    """Return a progress bar that disappears when it ends."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(compact=True),
    )
    return Progress(*columns, console=console, transient=True)
