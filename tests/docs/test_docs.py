"""What the docs name is there, and what is there is in the docs."""

import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from school.domain.decisions import Reason
from school.domain.rights import Right
from schulbote.cli import main
from schulbote.rule_words import FIXED_RULES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
NOT_OURS = {".venv", "node_modules", "dist"}
GENERATOR = runpy.run_path(str(DOCS / "generate.py"))
RULES = (DOCS / "rules.md", DOCS / "de" / "regeln.md")
PRIVACY = (DOCS / "privacy.md", DOCS / "de" / "datenschutz.md")
OPERATION = (DOCS / "operation.md", DOCS / "de" / "betrieb.md")
USING = (DOCS / "using.md", DOCS / "de" / "benutzung.md")


def pages() -> list[Path]:
    """Every Markdown file of the repository."""
    found = []
    for path in sorted(ROOT.rglob("*.md")):
        parts = path.relative_to(ROOT).parts
        if not any(part in NOT_OURS or (part.startswith(".") and part != ".ci") for part in parts[:-1]):
            found.append(path)
    return found


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose_of(page: str) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", page, flags=re.DOTALL | re.MULTILINE)


def anchors_of(path: Path) -> set[str]:
    """The anchors that the headings of a page get on the usual forges."""
    headings = re.findall(r"^#+ (.+)$", prose_of(read(path)), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links_of(path: Path) -> Iterator[tuple[str, str]]:
    """The relative links of a page: path and anchor, either may be empty."""
    for target in re.findall(r"\]\(([^)\s]+)\)", prose_of(read(path))):
        if not re.match(r"[a-z]+:", target):
            file, _, anchor = target.partition("#")
            yield file, anchor


@pytest.mark.parametrize("path", GENERATOR["PAGES"].values(), ids=name_of)
def test_generated_parts_are_current(path: Path) -> None:
    language = next(language for language, page in GENERATOR["PAGES"].items() if page == path)
    assert read(path) == GENERATOR["generated"](read(path), language), "run: python docs/generate.py"


@pytest.mark.parametrize("language", GENERATOR["PRIVACY_PAGES"])
def test_what_the_privacy_pages_say_is_stored_is_current(language: str) -> None:
    path = GENERATOR["PRIVACY_PAGES"][language]
    assert read(path) == GENERATOR["generated_privacy"](read(path), language), "run: python docs/generate.py"


@pytest.mark.parametrize("path", RULES, ids=name_of)
@pytest.mark.parametrize("name", [*Right, *Reason])
def test_every_right_and_every_reason_is_in_the_rules(path: Path, name: str) -> None:
    assert f"`{name}`" in read(path)


def test_every_fixed_rule_is_in_the_rules() -> None:
    code = [
        *(ROOT / "school" / "domain" / name for name in ("policy.py", "resets.py", "school_groups.py")),
        *(ROOT / "synapse_modules").glob("*.py"),
    ]
    ids = {
        rule for file in code for rule in re.findall(r'"((?:accounts|bot|directory|groups|rooms):[a-z_]+)"', read(file))
    }
    assert ids
    assert {rule for rule in FIXED_RULES if ":" in rule} == ids


def options_of(command: click.Command) -> Iterator[str]:
    """The options of a command, and of those in it."""
    yield from (option for parameter in command.params for option in parameter.opts if option.startswith("--"))
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            yield from options_of(inner)


@pytest.mark.parametrize("path", OPERATION, ids=name_of)
def test_every_subcommand_and_its_options_are_in_the_operation_pages(path: Path) -> None:
    page = read(path)
    for name in main.list_commands(context := click.Context(main)):
        command = main.get_command(context, name)
        assert command is not None
        assert f"schulbote {name}" in page or f"school.yaml {name}" in page, name
        if name == "demo":
            continue  # its options are the README's
        for option in options_of(command):
            assert option in page, f"{name} {option}"


def routes() -> set[str]:
    """Every address that `schulbote run` answers."""
    files = (ROOT / "appservice" / "endpoints.py", *ROOT.glob("*/web/routes.py"), *ROOT.glob("bbb_widget/**/*.py"))
    found = {route for file in files for route in re.findall(r'web\.[a-z]+\("(/[^"]*)"', read(file))}
    assert {"/", "/password", "/_matrix/app/v1/ping", "/conference/in/{ticket}", "/widget/conference"} <= found
    return found


@pytest.mark.parametrize("path", OPERATION, ids=name_of)
def test_every_route_is_in_the_operation_pages(path: Path) -> None:
    assert sorted(route for route in routes() if f"`{route}`" not in read(path)) == []


@pytest.mark.parametrize("path", OPERATION, ids=name_of)
def test_the_proxy_of_the_operation_pages_passes_every_page_on_and_nothing_else(path: Path) -> None:
    [block] = re.findall(r"```\nserver \{\n    server_name bote\..*?```", read(path), flags=re.DOTALL)
    locations = re.findall(r"location (~ )?(\S+) \{\n(.*?)\n    \}", block, flags=re.DOTALL)

    def is_passed(route: str) -> bool:
        """A pattern comes before every beginning, and of those the longest counts (nginx, "location")."""
        patterns = [content for regex, where, content in locations if regex and re.search(where, route)]
        beginnings = [(where, content) for regex, where, content in locations if not regex and route.startswith(where)]
        return "proxy_pass http://127.0.0.1:8009;" in (patterns or [max(beginnings)[1]])[0]

    assert {route for route in routes() if is_passed(route)} == {
        route for route in routes() if not route.startswith(("/_matrix", "/_schulbote", "/metrics"))
    }


@pytest.mark.parametrize("path", OPERATION, ids=name_of)
def test_sentences_that_troubleshooting_quotes_are_in_the_code(path: Path) -> None:
    """A reworded error would never be found in the table."""
    code = "".join(
        re.sub(r'"\s*\n\s*f?"', "", read(source))
        for package in ("school", "synapse_modules", "appservice", "roster_sync", "schulbote")
        for source in (ROOT / package).rglob("*.py")
    )
    table = read(path).rpartition("\n## ")[2]
    first_cells = re.findall(r"^\| (.*?) \|", table, flags=re.MULTILINE)
    quoted = [quote for cell in first_cells for quote in re.findall(r'(?<!\\)"([^"\\]+)(?<!\\)"', cell)]
    from_elsewhere = {"No module named 'synapse_modules'", "You are not a server admin"}
    parts = [part.strip() for quote in quoted if quote not in from_elsewhere for part in re.split("…|, ", quote)]
    assert len(parts) > 10
    assert [part for part in parts if part not in code] == []


@pytest.mark.parametrize("path", USING, ids=name_of)
def test_every_bot_command_is_in_the_pages_for_users(path: Path) -> None:
    folders = (ROOT / "appservice" / "bot", ROOT / "bbb_widget", ROOT / "tasks")
    sources = "".join(read(source) for folder in folders for source in sorted(folder.glob("*.py")))
    names = re.findall(r'\(Language\.\w+, "([^"]+)"\)', sources)
    assert {"hilfe", "help"} <= set(names)
    assert [name for name in names if f"`!{name}" not in read(path)] == []


def test_the_map_in_the_readme_names_what_is_there() -> None:
    section = read(ROOT / "README.md").partition("## The folders")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    named = [path for row in rows for path in re.findall(r"`([\w./-]+)`", row)]
    assert [path for path in named if not (ROOT / path).exists()] == []
    packages = {path.parent.name + "/" for path in ROOT.glob("*/__init__.py")}
    assert packages <= set(named)


def test_every_make_target_in_the_docs_exists() -> None:
    targets = set(re.findall(r"^(\w+):", read(ROOT / "Makefile"), flags=re.MULTILINE))
    named = {
        target for path in pages() for target in re.findall(r"(?:`|^)make ([a-z]+)", read(path), flags=re.MULTILINE)
    }
    assert {"demo", "test", "bench"} <= named
    assert named <= targets


@pytest.mark.parametrize("path", pages(), ids=name_of)
def test_relative_links_lead_somewhere(path: Path) -> None:
    for file, anchor in links_of(path):
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), file
        if anchor:
            assert anchor in anchors_of(target), f"{file}#{anchor}"


def test_the_english_pages_have_a_german_counterpart() -> None:
    for english, german in (RULES, OPERATION, USING, PRIVACY):
        assert name_of(german).removeprefix("docs/") in read(english)
        assert f"../{english.name}" in read(german)
        headings = [len(re.findall(r"^## ", read(page), flags=re.MULTILINE)) for page in (english, german)]
        assert headings[0] - headings[1] in (0, 1), "a section is missing in one of the languages"
