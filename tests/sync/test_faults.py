"""Every fault of the network and the wiki at every kind of request, while the bot plans and applies."""

from dataclasses import replace

import pytest

from bot.errors import WikiError
from bot.sync.apply import Result
from bot.wiki.session import Manners
from tests.sync.world import Bot, World, page_body

CALM = Manners(tries=2, first_pause_seconds=0)
IMPATIENT = replace(CALM, read_seconds=0.1, total_seconds=0.1)
SILENT = ("slow", "timeout")  # only an impatient bot notices these; the others need no clock
FAULTS = (
    *("429=2", "429=date", "429=none", "500", "502", "503", "503=3", "401", "403", "404"),
    *("reset", "commit-reset", "commit-502", *SILENT, "truncated", "cut"),
    *("garbage", "wrong-type", "login", "other-page"),
)
OPERATIONS = ("get", "list", "put", "labels")
FLAVOURS = ("datacenter", "cloud")
# By day each fault on one kind of wiki, in turns.
CASES = [
    pytest.param(fault, flavour, marks=[] if (number + turn) % 2 else pytest.mark.slow)
    for number, fault in enumerate(FAULTS)
    for turn, flavour in enumerate(FLAVOURS)
]
OLD, NEW, OUTSIDE = "<p>old</p>", "<p>new</p>", "<p>Ana's own words</p>"


class Trial:
    """One page that the bot has to bring from OLD to NEW while something goes wrong."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.page = world.add_page(f"Page {name}", page_body({"news": "<p>first</p>"}, after=OUTSIDE))
        self.other = world.add_page(f"Other {name}", page_body({"news": "<p>first</p>"}, after=OUTSIDE))
        self.bot(OLD, CALM).run(take_over=frozenset({"all"}))

    def bot(self, text: str, manners: Manners) -> Bot:
        gateway = self.world.gateway(manners=manners)
        return Bot(self.world, [self.page, self.other], {"news": text}, gateway=gateway)

    def run_badly(self, fault: str) -> bool:
        """Plan and apply under the fault; returns whether the bot says that it brought all into step."""
        bot = self.bot(NEW, IMPATIENT if fault in SILENT else CALM)
        try:
            plan = bot.plan()
            report = bot.apply(plan)
        except WikiError:
            return False
        has_all = report.count(Result.WRITTEN) + report.count(Result.UNCHANGED) == 2
        return has_all and not plan.problems and not report.stopped

    def is_in_step(self) -> bool:
        return [self.world.region(page, "news") for page in (self.page, self.other)] == [NEW, NEW]

    def check_pages(self) -> None:
        """Check what is true after any fault: no version twice, and nothing outside changed."""
        for page in (self.page, self.other):
            bodies = [self.world.body(page, number) for number, _, _ in self.world.versions(page)]
            assert len(bodies) == len(set(bodies)), "a version was written twice"
            assert len(bodies) <= 3
            assert all(body.startswith("<p>before</p>") and body.endswith(OUTSIDE) for body in bodies)


@pytest.mark.parametrize(("fault", "flavour"), CASES)
def test_a_fault_never_costs_a_version_twice_or_a_byte_outside_and_is_never_passed_over(
    fault: str, flavour: str
) -> None:
    with World(flavour) as world:
        for operation in OPERATIONS:
            for times in ("once", "always"):
                trial = Trial(world, f"{operation} {times}")
                before = len(world.server.requests)

                world.server.faults.add(f"{fault}@{operation}*{times}")
                claims_success = trial.run_badly(fault)
                world.server.faults.clear()

                assert len(world.server.requests) - before < 60, "tries are not bounded"
                trial.check_pages()
                assert claims_success <= trial.is_in_step(), f"{operation} {times}: said to be done, and is not"
                trial.bot(NEW, CALM).run()
                assert trial.is_in_step(), f"{operation} {times}: not put right by the next run"
                trial.check_pages()
