"""The settings in force; secrets are not shown."""

from flask import render_template

from bot.desk.desk import current_desk
from bot.desk.publish import blueprint
from bot.desk.roles import Role, requires
from bot.operations.effective_settings import list_settings


@blueprint.get("/settings")
@requires(Role.MAINTAINER)
def settings() -> str:
    """Show each setting, its value, and where it comes from."""
    runtime, schedule = current_desk().runtime, current_desk().schedule
    return render_template(
        "settings.html.j2",
        rows=list_settings(runtime.settings),
        config=runtime.settings.config_path.name,
        trouble=schedule.trouble if schedule is not None else "",
    )
