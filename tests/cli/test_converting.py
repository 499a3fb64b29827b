"""`wikibot convert` reads a file or standard input, prints Markdown, and says what was lost on standard error."""

from pathlib import Path

from click.testing import CliRunner, Result

from bot.cli.convert_commands import convert


def _run(*arguments: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(convert, arguments, input=stdin)


def test_file_becomes_markdown(tmp_path: Path) -> None:
    path = tmp_path / "page.xhtml"
    path.write_text("<h1>Ünïcode</h1><p>a <strong>b</strong></p>", "utf-8")

    result = _run(str(path))

    assert (result.exit_code, result.stdout, result.stderr) == (0, "# Ünïcode\n\na **b**\n", "")


def test_standard_input_and_losses() -> None:
    result = _run("-", stdin="<p>x</p><ac:structured-macro ac:name='zork' />")

    assert result.exit_code == 0
    assert result.stdout == "x\n\n*(macro zork)*\n"
    assert result.stderr == "macro: zork\n"


def test_links_lead_to_the_wiki_when_its_address_is_given() -> None:
    body = "<ac:link><ri:page ri:space-key='WS2' ri:content-title='Final Report' /></ac:link>"

    result = _run("--base-url", "https://wiki.example.org/wiki/", "-", stdin=body)

    assert result.stdout == "[Final Report](https://wiki.example.org/wiki/display/WS2/Final%20Report)\n"


def test_what_is_not_utf8_is_refused_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "latin.xhtml"
    path.write_bytes("<p>é</p>".encode("latin-1"))

    result = _run(str(path))

    assert result.exit_code == 1
    assert str(result.exception).startswith(f"{path}: byte 3 is not UTF-8")


def test_empty_body_is_empty_markdown() -> None:
    assert _run("-", stdin="").stdout == ""
