"""Plan and apply with the values of a runtime, as a person does who has reviewed the plan."""

from bot.operations.sync import carry_out, make_plan
from bot.runtime import Runtime
from bot.sync.apply import ApplyReport


def apply_now(runtime: Runtime) -> ApplyReport:
    """Write what the data files say."""
    gateway, now = runtime.gateway(may_write=True), runtime.clock()
    plan = make_plan(gateway, runtime.workspaces, runtime.settings.safety, now=now)
    return carry_out(
        gateway,
        runtime.workspaces,
        runtime.settings.safety,
        plan,
        folders=runtime.folders,
        now=now,
        is_reviewed=True,
        sleep=runtime.sleep,
    )
