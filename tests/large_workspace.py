"""A workspace with many news items, for tests that count work and for benchmarks."""

from pathlib import Path


def write_workspace(folder: Path, url: str, items: int) -> Path:
    """Write settings for the Cloud wiki at *url* and a data file with so many items; returns the data file."""
    lines = (
        f"    - id: item-{number}\n      date: {2010 + number % 15}-0{1 + number % 9}-{10 + number % 18}\n"
        f'      text: "Read [the report {number}](https://example.org/{number}) of **group {number % 7}**."\n'
        for number in range(items)
    )
    data = folder / "ws2.yaml"
    data.write_text("workspace: {space: WS2, home: Home}\nnews:\n  show: 5\n  items:\n" + "".join(lines))
    (folder / "bot.yaml").write_text(
        f"wiki: {{url: {url}, flavour: cloud, user: bot, writes_per_minute: 6000}}\n"
        "workspaces: [{name: ws2, data: ws2.yaml, regions: {news: {place: end}}}]\n"
        "jobs: [{run: sync, every: hour}]\n"
    )
    return data
