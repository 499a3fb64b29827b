"""People, news editors and two bots at work on the same pages and data files, and a checker of what became of it."""

import datetime as dt
import os
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import requests

from bot.adopt.entry_merge import Choice, Dispute
from bot.adopt.values import ADOPTABLE
from bot.config.data_file import DataFile
from bot.config.data_model import OLDER_NEWS, QuickLink
from bot.config.link_choice import LinkChoice
from bot.config.policy import RegionSettings, SafetySettings, TargetSettings, WorkspaceSettings
from bot.errors import BotError, LockedError, OutdatedPlanError
from bot.operations import edit
from bot.operations.adoption import plan_adoption
from bot.operations.adoption_commit import carry_out_adoption
from bot.operations.sync import carry_out, make_plan, sync
from bot.operations.workspace import Folders, Workspace
from bot.render import Renderer
from bot.resources import templates_dir
from bot.storage.markers import Marker
from bot.storage.regions import find_region
from bot.storage.visible_text import text_of
from bot.sync.apply import ApplyReport
from bot.sync.drift import Verdict
from bot.sync.plan import Change, PagePlan, Plan
from tests.sync.humans import Interleaved
from tests.sync.world import EXCLUDE, STOP, World
from wikiserver.editor.resave import resave
from wikiserver.store.errors import InvalidError

PEOPLE = ("ana", "li", "omar")
DESKS = ("one", "two")
NAMES = ("status", "quick_links", "news")
_SAFETY = SafetySettings(stop_label=STOP, exclude_label=EXCLUDE, draft_wait_seconds=0, canary=0)
_DISPUTES = (Verdict.DRIFTED, Verdict.CONFLICT)
_TOKEN = re.compile(r"w\d{5}x")
_ITEM = re.compile(r"<li\b[^>]*>(?:(?!<li\b).)*?</li>", re.DOTALL)
_ADVICE = re.compile(r"there is no page '([^']+)' in space WS2; did you mean '([^']+)'")
_ROUNDS = 12

DATA = """\
workspace: {{space: WS2, home: Home {name}}}
status:
  heading: "Status:"
  lines:
    - {{icon: tick, text: "All is good {0}."}}
    - {{icon: warning, text: "See [the plan](page:Plan) {1} *today*."}}
quick_links:
  heading: "Quick Links:"
  links:
    - {{text: "Report {2}", page: Report}}
    - text: "The web {3}"
      url: "https://example.org/a?b=1&c=2"
      links: [{{text: "Plan {4}", page: Plan}}]
news:
  heading: "News:"
  show: 5
  older: Old news {name}
  items:
    - {{id: a, date: 2024-02-22, text: "Read [it](page:Report) {5}."}}
    - {{id: b, date: 2024-02-20, text: "Vote **now** {6}."}}
    - {{id: c, text: "Plain {7}"}}
    - {{id: d, date: 2024-01-03, text: "With `code  here` {8}."}}
    - {{id: e, text: "Old {9}"}}
    - {{id: f, text: "Older {10}"}}
"""


@dataclass
class Journal:
    """What was acknowledged: each word with the page or the data file that has to have it."""

    on_pages: dict[str, str] = field(default_factory=dict)
    in_files: dict[str, str] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    """Words that somebody removed on purpose."""
    recorded: list[str] = field(default_factory=list)
    """What the bots said to people about words that go: notes, reasons, remarks, and decided disputes."""
    refusals: list[str] = field(default_factory=list)
    """Why runs and adoptions ended without writing."""
    counts: dict[str, int] = field(default_factory=dict)
    touched: set[tuple[str, str]] = field(default_factory=set)
    """Pages and regions that people changed and nobody has settled since."""
    titles: dict[str, str] = field(default_factory=dict)
    parents: dict[str, int] = field(default_factory=dict)
    labels: set[tuple[str, str]] = field(default_factory=set)
    comments: dict[str, str] = field(default_factory=dict)
    """The word that each inline comment marks, by the reference of the comment."""
    footers: list[tuple[str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def acknowledge(self, kind: str) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + 1

    @property
    def total(self) -> int:
        """The number of acknowledged edits."""
        return sum(number for kind, number in self.counts.items() if kind != "untouched")

    def is_recorded(self, word: str) -> bool:
        return any(word in text for text in self.recorded)


class Reader:
    """A person who reads a page, thinks, and saves it over REST v1; somebody quicker makes the save fail."""

    def __init__(self, office: "MixedOffice", name: str) -> None:
        self._office, self._name = office, name
        self._http = requests.Session()
        self._http.auth = (name, f"{name}-secret")
        self._reading: dict[str, Any] | None = None

    def step(self) -> None:
        """Read if nothing is at hand, else save."""
        if self._reading is None:
            page_id = self._office.random.choice(self._office.pages)
            answer = self._http.get(self._url(page_id), params={"expand": "body.storage,version"}, timeout=10)
            answer.raise_for_status()
            self._reading = answer.json()
        else:
            page, self._reading = self._reading, None
            self._save(page["id"], page["version"]["number"], page["body"]["storage"]["value"])

    def close(self) -> None:
        self._http.close()

    def _url(self, page_id: str) -> str:
        return f"{self._office.world.url}/rest/api/content/{page_id}"

    def _save(self, page_id: str, number: int, before: str) -> None:
        office = self._office
        body, note = office.choose_edit(page_id, before)
        if office.random.random() < 0.6:
            body = resave(
                body,
                "cloud" if office.world.flavour == "cloud" else "datacenter",
                seed=office.random.random(),
                space_key="WS2",
            )
        payload = {
            "type": "page",
            "title": office.journal.titles[page_id],
            "version": {"number": number + 1},
            "body": {"storage": {"value": body, "representation": "storage"}},
        }
        answer = self._http.put(self._url(page_id), json=payload, timeout=10)
        if answer.status_code == requests.codes.conflict:
            return
        answer.raise_for_status()
        note()


class Machine:
    """One of two machines with the same data files, each with a state of its own."""

    def __init__(self, office: "MixedOffice", name: str) -> None:
        folder = office.folder
        self.folders = Folders(folder / "snapshots", folder / f"state-{name}")
        self.gateway: Any = office.world.gateway()
        renderer = Renderer([templates_dir() / "wiki"], is_cloud=office.world.flavour == "cloud")
        self.workspaces = tuple(
            Workspace(settings_of(desk), folder / f"{desk}.yaml", self.folders, lambda: renderer) for desk in DESKS
        )


def settings_of(desk: str) -> WorkspaceSettings:
    """Return the settings of a workspace: each region on the home page, the banner and the news on more pages."""
    return WorkspaceSettings(
        name=desk,
        data=Path(f"{desk}.yaml"),
        regions={
            "status": RegionSettings(place="start", also=TargetSettings(pages=(f"Copy {desk} 1", f"Copy {desk} 2"))),
            "quick_links": RegionSettings(place="end"),
            "news": RegionSettings(place="end", also=TargetSettings(pages=(f"Copy {desk} 1",))),
        },
    )


class MixedOffice:
    """Ten pages, two data files, two bots and eight people. *seed* decides who does what when; no clock has a say."""

    def __init__(self, world: World, folder: Path, seed: int) -> None:
        self.world, self.folder = world, folder
        self.random = random.Random(seed)  # noqa: S311 -- a script, no secret
        self.journal = Journal()
        self._words = (f"w{number:05}x" for number in count(1))
        self.desk_of: dict[str, str] = {}
        self.homes: dict[str, str] = {}
        self.old_pages: dict[str, str] = {}
        self.pages = [world.add_page(title, "<p>text</p>") for title in ("Report", "Plan")]
        for desk in DESKS:
            self._set_up(desk)
        self.journal.titles = {page_id: self._content(page_id).title for page_id in self.pages}
        self.machines = (Machine(self, "first"), Machine(self, "second"))
        self._people = [Reader(self, PEOPLE[number % 3]) for number in range(8)]
        self._is_nested = False
        first, second = self.machines
        self._apply(first, is_reviewed=True)
        self.plan(second)
        self.first_versions = {page_id: self._content(page_id).version for page_id in self.pages}

    def _set_up(self, desk: str) -> None:
        words = [next(self._words) for _ in range(11)]
        path = self.path(desk)
        path.write_text(DATA.format(*words, name=desk))
        self._settle_time(path)
        self.journal.in_files |= dict.fromkeys(words, desk)
        for title in (f"Home {desk}", f"Copy {desk} 1", f"Copy {desk} 2", f"Old news {desk}"):
            page_id = self.world.add_page(title, "<p>before</p><p>after</p>")
            self.pages.append(page_id)
            self.desk_of[page_id] = desk
            if title.startswith("Home"):
                self.homes[desk] = page_id
            if title.startswith("Old"):
                self.old_pages[desk] = page_id

    def path(self, desk: str) -> Path:
        return self.folder / f"{desk}.yaml"

    def _settle_time(self, path: Path) -> None:
        """Make the file as old as one that nobody is saving; the bots then do not wait."""
        os.utime(path, (path.stat().st_mtime - 60,) * 2)

    def _content(self, page_id: str) -> Any:
        return self.world.store.contents.get(int(page_id))

    # What people do.

    def work(self) -> None:
        """Let some people read, save, rename, move, restore, comment, label, and edit the data file."""
        for _ in range(self.random.randrange(3)):
            if self.random.random() < 0.75:
                self.random.choice(self._people).step()
            else:
                self.random.choice(
                    (self.command, self.command, self._restore, self._rename, self._move, *self._small)
                )()

    @property
    def _small(self) -> tuple[Callable[[], None], ...]:
        return (self._label, self._footer, self._comment, self._comment)

    def choose_edit(self, page_id: str, body: str) -> tuple[str, Callable[[], None]]:
        """Return a body as a person edits it, and what to note when the wiki has acknowledged it."""
        kind = self.random.random()
        desk = self.desk_of.get(page_id)
        if kind < 0.25:
            return body, lambda: self.journal.acknowledge("untouched")
        if kind < 0.6 or desk is None:
            return self._write_outside(page_id, body)
        return self._write_inside(page_id, body, desk) or self._write_outside(page_id, body)

    def _write_outside(self, page_id: str, body: str) -> tuple[str, Callable[[], None]]:
        word = next(self._words)

        def note() -> None:
            self.journal.on_pages[word] = page_id
            self.journal.acknowledge("words outside")

        paragraph = f"<p>I say {word}.</p>"
        return (paragraph + body if self.random.random() < 0.5 else body + paragraph), note

    def _write_inside(self, page_id: str, body: str, desk: str) -> tuple[str, Callable[[], None]] | None:
        regions = {name: region for name in NAMES if (region := find_region(body, Marker(name))) is not None}
        if not regions:
            return None
        name = self.random.choice(sorted(regions))
        text = regions[name].text(body)
        kind = self.random.choice(("correct", "correct", "add", "remove") if name == "news" else ("correct",))
        word, gone = next(self._words), set[str]()
        if kind == "remove":
            items = _ITEM.findall(text)
            if len(items) < 3:
                return None
            item = self.random.choice(items)
            new, gone = text.replace(item, "", 1), set(_TOKEN.findall(item))
        elif kind == "add":
            item = f"<li><p>By hand {word}</p></li>" if self.world.flavour == "cloud" else f"<li>By hand {word}</li>"
            new = re.sub(r"<li\b", f"{item}<li", text, count=1)
        else:
            old = self.random.choice(_TOKEN.findall(text))
            new = text.replace(old, f"{old} {word}", 1)

        def note() -> None:
            self.journal.touched.add((page_id, name))
            self.journal.removed |= gone
            if kind != "remove":
                self.journal.in_files[word] = desk
            self.journal.acknowledge(f"{kind} in {name}")

        span = regions[name].content
        return body[: span.start] + new + body[span.end :], note

    def _restore(self) -> None:
        page_id = self.random.choice(self.pages)
        now = self._content(page_id).version
        number = self.random.randint(max(self.first_versions[page_id], now - 6), now)
        before = set(_TOKEN.findall(self.world.body(page_id)))  # also those in addresses
        self.world.store.pages.restore_version(
            int(page_id), number, author=self.world.account("ana"), message="", with_title=False
        )
        self.journal.removed |= before - set(_TOKEN.findall(self.world.body(page_id)))
        self.journal.touched |= {(page_id, name) for name in (*NAMES, OLDER_NEWS)}
        self.journal.acknowledge("restore")

    def _rename(self) -> None:
        page_id = self.random.choice(self.pages)
        title = f"{self._content(page_id).title.partition(' r')[0]} r{next(self._words)[1:-1]}"
        self.world.store.pages.update(int(page_id), author=self.world.account("li"), title=title)
        self.journal.titles[page_id] = title
        self.journal.acknowledge("rename")

    def repair_links(self, page_id: str) -> None:
        """Follow the advice of `adopt` about links to former titles: let a person write the titles of today."""
        body = self.world.body(page_id)
        today = {title.partition(" r")[0]: title for title in (self._content(each).title for each in self.pages)}

        def renamed(match: re.Match[str]) -> str:
            return f'ri:content-title="{today.get(match[1].partition(" r")[0], match[1])}"'

        repaired = re.sub(r'ri:content-title="([^"]*)"', renamed, body)
        if repaired != body:
            self.world.store.pages.update(int(page_id), author=self.world.account("ana"), body=repaired)
            self.journal.touched |= {(page_id, name) for name in (*NAMES, OLDER_NEWS)}

    def correct_links(self, plan: Plan) -> None:
        """Follow the advice of a plan about dead links: let a person write the titles of today in the data file."""
        advice = dict(_ADVICE.findall(" ".join(change.note for page in plan.pages for change in page.changes)))
        for desk in DESKS:
            text = self.path(desk).read_text()
            for former, today in advice.items():
                text = re.sub(rf"{re.escape(former)}(?=[)}}])", today, text)
            self.path(desk).write_text(text)
            self._settle_time(self.path(desk))

    def _move(self) -> None:
        page_id, target = self.random.sample(self.pages, 2)
        try:
            self.world.store.pages.move(int(page_id), int(target), "append")
        except InvalidError:
            return  # below itself
        self.journal.parents[page_id] = int(target)
        self.journal.acknowledge("move")

    def _label(self) -> None:
        label = (self.random.choice(self.pages), f"topic-{self.random.randrange(30)}")
        self.world.label(*label)
        self.journal.labels.add(label)
        self.journal.acknowledge("label")

    def _footer(self) -> None:
        page_id, word = self.random.choice(self.pages), next(self._words)
        self.world.store.comments.add(int(page_id), f"<p>{word}</p>", author=self.world.account("omar"))
        self.journal.footers.append((page_id, word))
        self.journal.acknowledge("comment")

    def _comment(self) -> None:
        page_id = self.random.choice(self.pages)
        words = _TOKEN.findall(text_of(self.world.body(page_id)))
        if not words:
            return
        word, comments = self.random.choice(words), self.world.store.comments
        try:
            comment = comments.add_inline(
                int(page_id), "<p>Why?</p>", author=self.world.account("omar"), selection=word
            )
        except InvalidError:
            return  # not in one piece any more
        self.journal.comments[comments.detail(comment.id).marker_ref or ""] = word
        self.journal.acknowledge("inline comment")

    # What editors of the data file do.

    def load(self, path: Path) -> DataFile:
        """Read a data file as a command does before it edits."""
        return DataFile.load(path)

    def command(self) -> None:
        """Edit a data file as a command does: read, edit, save under the lock."""
        desk = self.random.choice(DESKS)
        document = self.load(self.path(desk))
        word, gone = next(self._words), set[str]()
        kind = self.random.choice(("add", "add", "edit", "edit", "remove", "move", "banner", "link", "new link"))
        items = document.data.news.items if document.data.news else ()
        item = self.random.choice(items) if items else None
        links = document.data.quick_links.links if document.data.quick_links else ()
        lines = document.data.status.lines if document.data.status else ()
        if kind == "banner" and lines:
            number = self.random.randrange(len(lines))
            made = edit.edit_banner_line(document, number + 1, {"text": f"{lines[number].text} {word}"})
        elif kind == "link" and links:
            link = self.random.choice(links)
            made = edit.edit_link(document, LinkChoice(link.text), {"text": f"{link.text} {word}"})
        elif kind == "new link":
            made = edit.add_link(document, QuickLink(text=f"New {word}", url=f"https://example.org/{word}"))
        elif kind == "edit" and item is not None:
            made = edit.edit_news(document, item.id, {"text": f"{item.text} {word}"})
        elif kind == "move" and item is not None:
            made, word = edit.move_news(document, item.id, index=self.random.randrange(3)), ""
        elif kind == "remove" and len(items) > 4 and item is not None:
            made, word, gone = edit.remove_news(document, item.id), "", set(_TOKEN.findall(item.text))
        else:
            made = edit.add_news(document, f"Fresh {word}.")
        try:
            made.save(self.machines[0].workspaces[DESKS.index(desk)].shared_data)
        except LockedError:  # an adoption is under way
            return
        self._settle_time(self.path(desk))
        self.journal.removed |= gone
        if word:
            self.journal.in_files[word] = desk
        self.journal.acknowledge("command")

    def adopt(self, machine: Machine, plan: Plan, others: Callable[[], None]) -> None:
        """Let somebody adopt one page that the plan disputes."""
        pages = _disputed_pages(plan)
        if pages:
            self._adopt_page(machine, *self.random.choice(pages), others)

    def _adopt_page(self, machine: Machine, desk: str, page_id: str, others: Callable[[], None]) -> None:
        workspace = machine.workspaces[DESKS.index(desk)]
        gateway: Any = Interleaved(machine.gateway, others)
        try:
            adoption = plan_adoption(gateway, workspace, page_id, choose=self._choose, now=now())
            self.journal.refusals += [each.reason for each in adoption.refusals if not each.is_absent]
            said = (*adoption.read.values(), *adoption.taken.values())
            self.journal.recorded += [str(note) for notes in said for note in notes]
            carry_out_adoption(gateway, _SAFETY, adoption)
        except BotError as error:
            self.journal.refusals.append(str(error))
        self._settle_time(workspace.data_path)

    def _choose(self, _region: str, dispute: Dispute) -> Choice:
        """Decide as a person does who knows what colleagues removed on purpose."""
        words = set(_TOKEN.findall(dispute.file or dispute.page or ""))
        if dispute.page is None:
            return Choice.PAGE if words <= self.journal.removed else Choice.FILE
        if dispute.file is None:
            return Choice.FILE if words <= self.journal.removed else Choice.PAGE
        choice = self.random.choice(dispute.choices)
        if choice is not Choice.SKIP:
            self.journal.recorded.append(str(dispute))
        return choice

    # What the bots do.

    def plan(self, machine: Machine) -> Plan:
        """Plan on one machine."""
        return make_plan(machine.gateway, machine.workspaces, _SAFETY, now=now())

    def plan_quietly(self, machine: Machine) -> Plan:
        """Plan while nobody works, and note each verdict that nobody has caused."""
        plan = self.plan(machine)
        found = {(page.id, change.region): change for page, change in disputes(plan)}
        for place in found.keys() - self.journal.touched:
            self.journal.faults.append(f"false {found[place].verdict} at {place}: {found[place].note}")
        self.journal.touched &= found.keys()
        changes = [change for page in plan.pages for change in page.changes]
        unmanaged = [change.region for change in changes if change.verdict is Verdict.UNMANAGED]
        self.journal.faults += [f"{problem.page}: {problem.message}" for problem in plan.problems]
        self.journal.faults += [f"unmanaged: {region}" for region in unmanaged]
        return plan

    def run(self, machine: Machine, others: Callable[[], None] | None = None) -> None:
        """Merge, plan and apply as the scheduled job does."""
        gateway: Any = machine.gateway if others is None else Interleaved(machine.gateway, others)

        def connect(*, may_write: bool = False) -> Any:
            del may_write
            return gateway

        try:
            outcome = sync(
                connect, machine.workspaces, _SAFETY, folders=machine.folders, now=now(), force=True, sleep=_no_sleep
            )
        except (OutdatedPlanError, LockedError) as error:
            self.journal.refusals.append(str(error))
        else:
            self._note(outcome.report)
        for desk in DESKS:
            self._settle_time(self.path(desk))

    def _apply(self, machine: Machine, *, is_reviewed: bool = False, take_over: frozenset[str] = frozenset()) -> None:
        """Apply as a person does who has reviewed the plan."""
        plan = make_plan(machine.gateway, machine.workspaces, _SAFETY, now=now(), take_over=take_over)
        report = carry_out(
            machine.gateway,
            machine.workspaces,
            _SAFETY,
            plan,
            folders=machine.folders,
            now=now(),
            is_reviewed=is_reviewed,
            force=True,
            sleep=_no_sleep,
        )
        self._note(report)

    def _note(self, report: ApplyReport) -> None:
        """Note what the bot said about the pages that it wrote or left alone."""
        self.journal.recorded += [text for page in report.pages for text in (*page.reasons, *page.remarks)]

    def take_turn(self) -> None:
        """One round: a look while nobody works, a run, and now and then an adoption or a label that stops the bot."""
        machine = self.random.choice(self.machines)
        if self.random.random() < 0.4:
            plan = self.plan_quietly(machine)
            if self.random.random() < 0.5:
                self.adopt(machine, plan, self.work if self.random.random() < 0.5 else lambda: None)
        if self.random.random() < 0.05:
            self._stop(machine)
        self.run(machine, self._others)
        self.work()

    def _others(self) -> None:
        if self.random.random() < 0.1:
            self.work()
        if not self._is_nested and self.random.random() < 0.05:
            self._is_nested = True
            self.run(self.random.choice(self.machines[1:]), self.work)
            self._is_nested = False

    def _stop(self, machine: Machine) -> None:
        """Put a label on a page that keeps the bot off."""
        label = self.random.choice((STOP, EXCLUDE))
        desk = self.random.choice(DESKS)
        page_id = self.homes[desk]
        kept_off = [each for each, owner in self.desk_of.items() if owner == desk] if label == STOP else [page_id]
        before = [self._content(each).version for each in kept_off]
        self.world.label(page_id, label)
        self.run(machine)
        if [self._content(each).version for each in kept_off] != before:
            self.journal.faults.append(f"wrote in spite of {label}")
        self.world.store.labels.remove(int(page_id), label)
        self.journal.acknowledge("stop label")

    def play(self, edits: int) -> None:
        """Let everybody work until so many edits were acknowledged."""
        try:
            while self.journal.total < edits:
                self.take_turn()
        finally:
            for person in self._people:
                person.close()

    def settle(self) -> bool:
        """Adopt what people changed and run the bots until both have nothing to do; return whether that came about."""
        for _ in range(_ROUNDS):
            for machine in self.machines:
                for desk, page_id in _disputed_pages(self.plan_quietly(machine)):
                    self._adopt_page(machine, desk, page_id, lambda: None)
                self.run(machine)
            plan = self.plan(self.machines[0])
            self.correct_links(plan)
            if any("page that was not found" in each for each in self.journal.refusals):
                self.journal.refusals.clear()
                for page_id in {page.id for page, _ in disputes(plan)}:
                    self.repair_links(page_id)
            if any(change.region == OLDER_NEWS for _, change in disputes(plan)):  # of which there is no adoption
                self._apply(self.machines[0], take_over=frozenset({OLDER_NEWS}))
            if not any(self.plan(machine).pages for machine in self.machines):
                return True
        return False


def _disputed_pages(plan: Plan) -> list[tuple[str, str]]:
    """Return workspace and id of each page that an adoption can settle."""
    return sorted({(page.workspace, page.id) for page, change in disputes(plan) if change.region in ADOPTABLE})


def disputes(plan: Plan) -> list[tuple[PagePlan, Change]]:
    """Return the regions that the plan says people have changed."""
    return [(page, change) for page in plan.pages for change in page.changes if change.verdict in _DISPUTES]


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _no_sleep(_seconds: float) -> None:
    """Nothing waits for a clock."""
