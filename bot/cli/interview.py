"""The questions of `wikibot init`: each answer is tried at once; a wrong one is asked for again, with the reason."""

from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TypeVar

import click

from bot.cli import output
from bot.config.policy import WikiSettings
from bot.errors import BotError, PageNotFoundError, SettingsError, UntrustedCertificateError
from bot.escape import visible
from bot.operations import setup
from bot.operations.precautions import find_clear_text
from bot.operations.setup import Answers
from bot.runtime import Runtime
from bot.site_address import recognise
from bot.wiki.dialect import Flavour
from bot.wiki.gateway import PageRef, Space, User, WikiGateway
from bot.wiki.page_lookup import find_home
from bot.wiki.site_probe import Site

_PRODUCTS = {Flavour.CLOUD: "Confluence Cloud", Flavour.DATA_CENTER: "Confluence Data Center"}
_API_TOKENS = "https://id.atlassian.com/manage-profile/security/api-tokens"
_PERSONAL_TOKENS = "/plugins/personalaccesstokens/usertokens.action"
_MAX_SPACES, _MAX_SHOWN = 1000, 15

_Value = TypeVar("_Value")


class Interview:
    """Settles the answers one after the other; *answers* contains what is known so far.

    *given* are the answers from the command line, *kept* those of an interrupted `init`, offered as defaults. Without
    *asks* nobody is at the keyboard: what is missing or wrong ends the interview.
    """

    def __init__(self, config: Path, given: Answers, kept: Answers, *, asks: bool) -> None:
        self._config, self._given, self._kept, self._asks = config, given, kept, asks
        self.answers = Answers(ca_bundle=given.ca_bundle)
        self.token = ""
        self.is_token_typed = False
        self._has_shown_where = False

    def settle_site(self) -> None:
        """Find the wiki and its flavour."""

        def attempt(address: str) -> Site:
            site = self._probe(address)
            if site.flavour is None:
                site = self._settle_flavour(site)
            return site

        if self._kept.ca_bundle and not self.answers.ca_bundle:
            self.answers = self.answers.replaced(ca_bundle=self._kept.ca_bundle)
        site = self._settle(
            self._given.url, "--url", lambda: self._prompt("Address of the wiki", self._kept.url), attempt
        )
        self.answers = setup.with_site(self.answers, site)
        output.say_step(f"{_PRODUCTS[Flavour(self.answers.flavour or '')]} at {site.url}")
        for warning in find_clear_text(WikiSettings(url=site.url)):
            output.say_warning(warning)
        if site.has_own_domain:
            output.warn("  Cloud refuses tokens on a domain of your own: if signing in fails, use NAME.atlassian.net")

    def _probe(self, address: str) -> Site:
        while True:
            try:
                given = setup.load_given(self._config)
                flavour = self._given.flavour
                return setup.find_site(address, flavour=flavour, ca_bundle=self.answers.ca_bundle, wiki=given)
            except UntrustedCertificateError as error:
                if not self._asks:
                    raise SettingsError(f"{error} (--ca-bundle FILE)") from error
                output.warn(f"  {error}")
                path = self._prompt("File of the certificate authority, PEM (Enter: another address)", "")
                if not path:
                    raise SettingsError("its certificate is not trusted; try another address") from error
                self.answers = self.answers.replaced(ca_bundle=str(Path(path).expanduser().absolute()))

    def _settle_flavour(self, site: Site) -> Site:
        """Ask which flavour it is, where the answer of the wiki does not show it."""
        unclear = f"{site.url} answers, but not as Confluence does"
        if not self._asks:
            raise SettingsError(f"{unclear}; check the address (with its context path), or give --flavour")
        output.warn(f"  {unclear}. A proxy may hide it, or the address lacks the context path (…/confluence).")
        choice = click.Choice(["cloud", "datacenter", "other"])
        answer = click.prompt("Is it Cloud or Data Center, or do you mean another address?", type=choice, err=True)
        if answer == "other":
            raise SettingsError("type it as your browser shows it")
        return replace(site, flavour=Flavour(answer))

    def settle_account(self) -> Runtime:
        """Sign in; asks for the account (Cloud) and the token."""
        client_id = self._given.client_id or setup.load_given(self._config).client_id
        self.answers = self.answers.replaced(client_id=client_id)
        is_cloud = self.answers.flavour == Flavour.CLOUD and client_id is None
        found = setup.find_token(self._config, is_client=client_id is not None)
        user = self._given.user
        while True:
            if user is None and is_cloud:
                user = self._require("--user", lambda: self._prompt("Account, its e-mail address", self._kept.user))
            self.answers = self.answers.replaced(user=user or None)
            token = found or self._ask_token()
            try:
                runtime = Runtime(setup.account_settings(self.answers, token, self._config), is_attended=True)
                account = runtime.gateway().fetch_current_user()
            except BotError as error:
                if not self._asks:
                    raise
                where = f" (this token comes from {setup.TOKEN_VARIABLE}, .env or the secrets folder)" if found else ""
                output.warn(f"  {error}{where}")
                if is_cloud:
                    self._kept, user = self._kept.replaced(user=user), None
                found = None
                continue
            self.token, self.is_token_typed = token, found is None
            self._say_account(runtime.gateway(), account)
            return runtime

    def _say_account(self, gateway: WikiGateway, account: User) -> None:
        """Say who signed in and how; record that requests have to go to the API gateway."""
        output.say_step(f"signed in as {account.display_name} ({gateway.sign_in})")
        if gateway.is_at_gateway and not recognise(self.answers.url or "").is_gateway:
            self.answers = self.answers.replaced(access="gateway")
        if missing := gateway.find_missing_scopes():
            output.warn(f"  The token lacks scopes that the bot needs: {', '.join(missing)}")

    def _ask_token(self) -> str:
        if not self._asks:
            variable = "WIKIBOT_WIKI__CLIENT_SECRET" if self.answers.client_id else setup.TOKEN_VARIABLE
            raise click.UsageError(f"set {variable} to the token of the bot's account")
        is_cloud = self.answers.flavour == Flavour.CLOUD
        kind = "API token" if is_cloud else "Password" if self.answers.user else "Personal access token"
        if self.answers.client_id:
            kind = "Client secret"
        if kind not in {"Password", "Client secret"} and not self._has_shown_where:
            self._has_shown_where = True
            output.warn(f"  Make one at {_API_TOKENS if is_cloud else (self.answers.url or '') + _PERSONAL_TOKENS}")
        answer: str = click.prompt(f"{kind} (hidden)", hide_input=True, err=True)
        return answer.strip()

    def settle_space(self, gateway: WikiGateway) -> Space:
        """Choose the space: by number, key or a part of its name."""
        spaces: list[Space] = []
        if self._asks and self._given.space_key is None:
            spaces = sorted(islice(gateway.iter_spaces(), _MAX_SPACES), key=lambda each: each.key.startswith("~"))
        chooser = _SpaceChooser(gateway, spaces)

        def ask() -> str:
            chooser.show()
            return self._prompt("Space (number, key, or part of its name)", self._kept.space_key)

        space = self._settle(self._given.space_key, "--space", ask, chooser.choose)
        self.answers = self.answers.replaced(space_key=space.key)
        output.say_step(f"space {space.key}, {space.name}")
        return space

    def settle_home(self, gateway: WikiGateway, space: Space) -> PageRef:
        """Choose the home page: by default the one of the space."""
        default = self._kept.home if self._kept.space_key == space.key else None
        if default is None and self._asks and space.homepage_id:
            default = gateway.fetch_page(space.homepage_id).title
        found: list[str] = []

        def ask() -> str:
            for number, title in enumerate(found, start=1):
                output.warn(f"  {number:>3}  {title}")
            return self._prompt("Home page (title, id, or words to search for)", default)

        def attempt(answer: str) -> PageRef:
            if answer.isdecimal() and 1 <= int(answer) <= len(found):
                answer = found[int(answer) - 1]
            try:
                return find_home(gateway, space.key, answer)
            except PageNotFoundError as error:
                found[:] = gateway.find_titles(space.key, answer)[:_MAX_SHOWN] if self._asks else []
                if not found:
                    raise
                raise SettingsError(
                    f"no page is called {answer!r}; choose one of these by its number, or search again:"
                ) from error

        home = self._settle(self._given.home, "--home", ask, attempt)
        self.answers = self.answers.replaced(home=home.title)
        output.say_step(f"home page {home.title}")
        return home

    def settle_name(self, home: PageRef) -> None:
        """Name the workspace; the name is asked for only where the data file of the obvious one is taken."""
        obvious = "".join(each if each.isascii() and each.isalnum() else "-" for each in home.space_key.lower()).strip(
            "-"
        )
        first = self._given.name or obvious or "workspace"

        def ask() -> str:
            return self._prompt("Another short name for this workspace", None)

        def attempt(name: str) -> str:
            setup.check_name(self._config, name, home)
            return name

        self.answers = self.answers.replaced(name=self._settle(first, "--name", ask, attempt))

    def _settle(
        self, given: str | None, option: str, ask: Callable[[], str], attempt: Callable[[str], _Value]
    ) -> _Value:
        """Try the given answer; as long as one is missing or wrong, ask."""
        answer = given
        while True:
            if answer is None:
                answer = self._require(option, ask)
            try:
                return attempt(answer)
            except BotError as error:
                if not self._asks:
                    raise
                output.warn(f"  {error}")
                answer = None

    def _require(self, option: str, ask: Callable[[], str]) -> str:
        if not self._asks:
            raise click.UsageError(f"give {option}")
        return ask()

    def _prompt(self, question: str, default: str | None) -> str:
        shown = None if default is None else visible(default)
        answer: str = click.prompt(question, default=shown, show_default=bool(default), err=True)
        return default if default is not None and answer == shown else answer.strip()


class _SpaceChooser:
    """Spaces to choose from, narrowed by what was typed."""

    def __init__(self, gateway: WikiGateway, spaces: list[Space]) -> None:
        self._gateway, self._all, self._shown = gateway, spaces, spaces

    def show(self) -> None:
        """List the spaces, as many as are seen at a glance."""
        if not self._shown:
            return
        if self._shown is self._all:
            output.warn("\nSpaces that this account can see:")
        width = max(len(space.key) for space in self._shown[:_MAX_SHOWN])
        for number, space in enumerate(self._shown[:_MAX_SHOWN], start=1):
            output.warn(f"  {number:>3}  {space.key:<{width}}  {space.name}")
        if len(self._shown) > _MAX_SHOWN:
            output.warn(f"       … and {len(self._shown) - _MAX_SHOWN} more; type a part of the name")

    def choose(self, answer: str) -> Space:
        """Return the space that is meant; raises an error where it is none or not clear yet."""
        exact = next((space for space in self._all if space.key.casefold() == answer.casefold()), None)
        if exact is not None:
            return self._gateway.fetch_space(exact.key)
        if answer.isdecimal() and 1 <= int(answer) <= len(self._shown[:_MAX_SHOWN]):
            return self._gateway.fetch_space(self._shown[int(answer) - 1].key)
        words = answer.casefold()
        matching = [space for space in self._all if words in space.name.casefold() or words in space.key.casefold()]
        if not matching:
            self._shown = self._all
            return self._gateway.fetch_space(answer)  # a listing may lack personal spaces
        self._shown = matching
        if len(matching) == 1:
            return self._gateway.fetch_space(matching[0].key)
        raise SettingsError(f"{len(matching)} spaces match {answer!r}; choose one of them:")
