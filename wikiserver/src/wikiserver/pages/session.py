"""Sign in and out."""

from typing import Any

from flask import redirect, render_template, request, url_for

from wikiserver.pages.blueprint import pages, sign_in, sign_out
from wikiserver.site import check_password, get_site


@pages.get("/login")
@pages.get("/login.action")
def login() -> Any:
    """Show the sign-in form."""
    return render_template("wiki/login.html", next=_next(), name="", problem="")


@pages.post("/login")
def check_login() -> Any:
    """Sign a person in, or report that name and password do not match."""
    name = request.form.get("name", "").strip()
    user = check_password(name, request.form.get("password", ""), get_site())
    if user is None:
        problem = "Name and password do not fit together."
        return render_template("wiki/login.html", next=_next(), name=name, problem=problem), 401
    sign_in(user.account_id)
    return redirect(request.script_root + _next())


@pages.post("/logout")
def logout() -> Any:
    """End the session."""
    sign_out()
    return redirect(url_for("pages.login"))


def _next() -> str:
    """Return the target after sign-in: a path of this wiki, never another site."""
    wanted = request.values.get("next", "/")
    is_local = (
        wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and "\n" not in wanted and "\r" not in wanted
    )
    return wanted if is_local else "/"
