"""The command line: exit statuses, and one sentence for whatever a user can cause."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import URL, create_engine, text

from schulbote.syncing import RESERVED

SAMPLE_REGISTER = Path(__file__).parents[2] / "config" / "sample-register"
INIT = ("--name", "Schule am See", "--server-name", "schule-am-see.de", "--public-url", "https://m.schule-am-see.de")


def change(school: Path, **sections: object) -> None:
    file = school / "school.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | sections))


def config(school: Path) -> tuple[str, Path]:
    return "-c", school / "school.yaml"


def one_sentence(err: str) -> bool:
    return err.count("\n") == 1 and err.endswith((".\n", ".)\n"))


# Wrong use, exit status 2.


@pytest.mark.parametrize("command", [["run"], ["check"], ["sync"], ["sync", "--dry-run"]], ids=" ".join)
def test_a_missing_school_yaml(schulbote: Callable[..., Any], tmp_path: Path, command: list[str]) -> None:
    answer = schulbote("-c", tmp_path / "school.yaml", *command)
    assert (answer.status, answer.out) == (2, "")
    assert "there is no such file" in answer.err
    assert one_sentence(answer.err)


@pytest.mark.parametrize("command", [["run"], ["check"], ["sync"]], ids=" ".join)
@pytest.mark.parametrize(
    ("written", "said"),
    [("school: [", "this is not YAML"), ("[]", "school.yaml"), ("scool: {}\n", "scool"), ("", "school.yaml")],
    ids=["no YAML", "a list", "an unknown key", "empty"],
)
def test_a_broken_school_yaml(
    schulbote: Callable[..., Any], tmp_path: Path, command: list[str], written: str, said: str
) -> None:
    (tmp_path / "school.yaml").write_text(written)
    answer = schulbote(*config(tmp_path), *command)
    assert (answer.status, answer.out) == (2, "")
    assert said in answer.err


def test_a_school_yaml_that_is_a_folder(schulbote: Callable[..., Any], tmp_path: Path) -> None:
    answer = schulbote("-c", tmp_path, "check")
    assert answer.status == 2
    assert one_sentence(answer.err)


def test_no_register(schulbote: Callable[..., Any], school: Path) -> None:
    change(school, register={})
    answer = schulbote(*config(school), "sync", "--dry-run")
    assert answer.status == 2
    assert "names no register.folder" in answer.err
    assert one_sentence(answer.err)


def test_a_register_folder_that_is_not_there(schulbote: Callable[..., Any], school: Path, tmp_path: Path) -> None:
    change(school, register={"folder": str(tmp_path / "nowhere")})
    answer = schulbote(*config(school), "sync", "--dry-run")
    assert answer.status == 2
    assert "nowhere does not exist" in answer.err
    assert one_sentence(answer.err)


@pytest.mark.parametrize("name", ["appservice_token", "identity_key"])
def test_a_missing_secret(schulbote: Callable[..., Any], school: Path, name: str) -> None:
    (school / "secrets" / name).unlink()
    answer = schulbote(*config(school), "sync")
    assert answer.status == 2
    assert f"{name}: this secret is missing" in answer.err


@pytest.mark.parametrize("name", ["appservice_token", "homeserver_token", "module_token", "message_keys"])
def test_run_asks_for_every_secret(schulbote: Callable[..., Any], school: Path, name: str) -> None:
    (school / "secrets" / name).chmod(0o644)
    answer = schulbote(*config(school), "run")
    assert (answer.status, answer.out) == (2, "")
    assert f"{name}: others may read this secret" in answer.err


def test_holidays_of_nowhere(schulbote: Callable[..., Any], school: Path) -> None:
    rest = {"reachable": {"mon-fri": ["08:00-16:00"]}, "holidays": {"country": "DE", "subdivision": "QQ"}}
    change(school, rest=rest)
    answer = schulbote(*config(school), "run")
    assert answer.status == 2
    assert "holidays of DE QQ are not known" in answer.err
    assert one_sentence(answer.err)


def test_init_into_a_folder_that_has_a_school(schulbote: Callable[..., Any], school: Path) -> None:
    before = {path: path.read_bytes() for path in school.rglob("*") if path.is_file()}
    answer = schulbote("init", school, *INIT)
    assert answer.status == 2
    assert "is there already and is not overwritten" in answer.err
    assert {path: path.read_bytes() for path in school.rglob("*") if path.is_file()} == before


def test_init_into_a_file(schulbote: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    answer = schulbote("init", tmp_path / "file", *INIT)
    assert answer.status == 2
    assert one_sentence(answer.err)


def test_init_below_a_file(schulbote: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    answer = schulbote("init", tmp_path / "file" / "school", *INIT)
    assert answer.status == 1
    assert one_sentence(answer.err)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--name", ""),
        ("--server-name", "schule am see"),
        ("--public-url", "schule"),
        ("--server-name", "schule.example"),
    ],
)
def test_init_with_a_wrong_value_leaves_no_school(
    schulbote: Callable[..., Any], tmp_path: Path, option: str, value: str
) -> None:
    answer = schulbote("init", tmp_path / "school", *INIT, option, value)
    assert answer.status == 2
    assert one_sentence(answer.err)
    assert not (tmp_path / "school" / "school.yaml").exists()
    assert not (tmp_path / "school" / "secrets").exists()


@pytest.mark.parametrize("missing", ["--name", "--server-name", "--public-url"])
def test_init_without_a_value(schulbote: Callable[..., Any], tmp_path: Path, missing: str) -> None:
    at = INIT.index(missing)
    answer = schulbote("init", tmp_path / "school", *INIT[:at], *INIT[at + 2 :])
    assert answer.status == 2
    assert missing in answer.err


def test_a_demo_without_a_register(schulbote: Callable[..., Any], tmp_path: Path) -> None:
    answer = schulbote("demo", "--home", tmp_path / "home", "--register", tmp_path / "nowhere")
    assert answer.status == 2
    assert one_sentence(answer.err)
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("port", [0, -1, 65_535, 70_000])
def test_a_demo_on_no_port(schulbote: Callable[..., Any], tmp_path: Path, port: int) -> None:
    answer = schulbote("demo", "--home", tmp_path / "home", f"--port={port}")
    assert answer.status == 2
    assert one_sentence(answer.err)
    assert not (tmp_path / "home").exists()


def test_a_demo_in_a_folder_that_holds_something_else(schulbote: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "thesis.odt").write_text("years of work")
    for more in ([], ["--reset"]):
        answer = schulbote("demo", "--home", tmp_path, *more)
        assert answer.status == 2
        assert one_sentence(answer.err)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.odt"]


def test_an_unknown_command(schulbote: Callable[..., Any]) -> None:
    assert schulbote("frobnicate").status == 2


# Refused or failed, exit status 1.


def test_a_register_that_cannot_be_read(schulbote: Callable[..., Any], school: Path, tmp_path: Path) -> None:
    (tmp_path / "register").mkdir()
    change(school, register={"folder": str(tmp_path / "register")})
    answer = schulbote(*config(school), "sync", "--dry-run")
    assert answer.status == 1
    assert "holds no register" in answer.err
    assert one_sentence(answer.err)


def test_a_homeserver_that_does_not_answer(schulbote: Callable[..., Any], school: Path) -> None:
    answer = schulbote(*config(school), "check")
    assert answer.status == 1
    assert answer.out == f"{school / 'school.yaml'} can be used.\n"
    assert "cannot be reached" in answer.err
    assert schulbote(*config(school), "sync").status == 1


def test_an_installation_that_has_no_key_for_first_codes_is_told_how_to_make_it(
    schulbote: Callable[..., Any], school: Path
) -> None:
    key = school / "secrets" / "code_key"
    key.unlink()
    answer = schulbote(*config(school), "check")
    assert answer.status == 1
    assert one_sentence(answer.err)
    assert f"umask 077; openssl rand -base64 32 > {key}`" in answer.err
    key.write_text("no key")
    key.chmod(0o600)
    assert "this is no key" in schulbote(*config(school), "check").err
    key.unlink()
    change(school, accounts={"sign_in": "oidc"})
    assert "code_key" not in schulbote(*config(school), "check").err


def test_an_installation_that_has_no_key_for_tasks_is_told_how_to_make_it(
    schulbote: Callable[..., Any], school: Path
) -> None:
    key = school / "secrets" / "task_keys"
    assert "task_keys" not in schulbote(*config(school), "check").err
    key.unlink()
    assert f"{key} is missing, so there are no tasks." in schulbote(*config(school), "check").err


def test_a_database_server_that_does_not_answer(schulbote: Callable[..., Any], school: Path) -> None:
    password = school / "secrets" / "database_password"
    password.write_text("nightingale\n")
    password.chmod(0o600)
    change(school, database={"url": "postgresql://schulbote@127.0.0.1:1/schulbote", "password_file": str(password)})
    answer = schulbote(*config(school), "sync", "--dry-run")
    assert answer.status == 1
    assert answer.err.startswith("The database cannot be used: ")
    assert answer.err.count("\n") == 1
    assert "nightingale" not in answer.err


def test_a_database_that_is_none(schulbote: Callable[..., Any], school: Path) -> None:
    (school / "schulbote.db").write_text("something else " * 1000)
    answer = schulbote(*config(school), "sync", "--dry-run")
    assert answer.status == 1
    assert answer.err.startswith("The database cannot be used: ")


def test_a_database_of_a_newer_program(schulbote: Callable[..., Any], school: Path) -> None:
    assert schulbote(*config(school), "sync", "--dry-run").status == 0
    engine = create_engine(URL.create("sqlite", database=str(school / "schulbote.db")))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'tomorrow'"))
    engine.dispose()
    answer = schulbote(*config(school), "sync", "--dry-run")
    assert answer.status == 1
    assert "newer Schulbote" in answer.err


def test_a_database_in_a_folder_that_is_not_there(schulbote: Callable[..., Any], school: Path) -> None:
    change(school, database={"url": "sqlite:///nowhere/schulbote.db"})
    answer = schulbote(*config(school), "sync", "--dry-run")
    assert answer.status == 1
    assert "does not exist" in answer.err


# The plan.


def test_a_dry_run_shows_the_plan_and_changes_nothing(schulbote: Callable[..., Any], school: Path) -> None:
    for _ in range(2):
        answer = schulbote(*config(school), "sync", "--dry-run", "--json")
        assert answer.status == 0
        shown = json.loads(answer.out)
        assert list(shown) == ["people", "groups", "memberships", "blocked"]
        assert {key: list(shown[key]) for key in ("people", "groups", "memberships")} == {
            "people": ["added", "left", "renamed"],
            "groups": ["added", "renamed", "ended"],
            "memberships": ["added", "removed"],
        }
        assert len(shown["people"]["added"]) == 539
        assert len(shown["groups"]["added"]) == 27
        assert shown["blocked"] is None


def test_a_dry_run_for_people_counts(schulbote: Callable[..., Any], school: Path) -> None:
    answer = schulbote(*config(school), "sync", "--dry-run")
    assert answer.status == 0
    assert "539" in answer.out


def test_doubts_are_told_beside_the_plan(schulbote: Callable[..., Any], school: Path) -> None:
    answer = schulbote(*config(school), "sync", "--dry-run", "--json")
    assert "told apart by their contact data" in answer.err
    json.loads(answer.out)


def test_a_sync_whose_homeserver_is_away_has_applied_the_plan_and_says_what_failed(
    schulbote: Callable[..., Any], school: Path
) -> None:
    answer = schulbote(*config(school), "sync", "--json")
    assert answer.status == 1
    assert len(json.loads(answer.out)["people"]["added"]) == 539
    again = schulbote(*config(school), "sync", "--dry-run", "--json")
    assert json.loads(again.out)["people"] == {"added": [], "left": [], "renamed": []}
    assert schulbote(*config(school), "sync", "--dry-run").out == "Nothing to change.\n"


def smaller(register: Path, folder: Path) -> Path:
    """The sample's register without its last twenty pupils and all guardians of theirs."""
    folder.mkdir()
    for file in register.iterdir():
        lines = file.read_text(encoding="utf-8-sig").splitlines(keepends=True)
        kept = lines[:-20] if file.name == "schueler.csv" else lines
        (folder / file.name).write_text("".join(kept), encoding="utf-8-sig")
    gone = {line.split(";")[0].strip('"') for line in lines_of(register / "schueler.csv")[-20:]}
    parents = lines_of(folder / "eltern.csv")
    (folder / "eltern.csv").write_text(
        "".join(line for line in parents if not any(one and one in line for one in gone)), encoding="utf-8-sig"
    )
    return folder


def lines_of(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8-sig").splitlines(keepends=True)


def test_a_large_removal_is_refused_until_it_is_confirmed(
    schulbote: Callable[..., Any], school: Path, tmp_path: Path
) -> None:
    schulbote(*config(school), "sync")
    change(school, register={"folder": str(smaller(SAMPLE_REGISTER, tmp_path / "register"))})
    dry = schulbote(*config(school), "sync", "--dry-run", "--json")
    assert dry.status == 0
    plan = json.loads(dry.out)
    assert len(plan["people"]["left"]) >= 20
    assert "start the sync again with --confirm" in plan["blocked"]

    refused = schulbote(*config(school), "sync")
    assert refused.status == 1
    assert plan["blocked"] in refused.err
    assert json.loads(schulbote(*config(school), "sync", "--dry-run", "--json").out) == plan

    schulbote(*config(school), "sync", "--confirm")
    after = json.loads(schulbote(*config(school), "sync", "--dry-run", "--json").out)
    assert after["people"]["left"] == []
    assert after["blocked"] is None


# The program itself.


@pytest.mark.parametrize("command", ["demo", "init", "run", "check", "sync"])
def test_every_command_explains_itself(schulbote: Callable[..., Any], command: str) -> None:
    answer = schulbote(command, "--help")
    assert answer.status == 0
    assert "Usage:" in answer.out


def test_it_runs_as_a_module_and_says_its_version() -> None:
    done = subprocess.run([sys.executable, "-m", "schulbote", "--version"], capture_output=True, text=True, check=True)
    assert "version 0." in done.stdout


def test_no_answer_is_a_stack_trace_in_a_real_process_either(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "schulbote", "check"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert one_sentence(done.stderr)


def test_the_names_of_the_trades_are_nobodys() -> None:
    """RFC 2142 names some of them; a person who writes as @admin would be believed."""
    assert {"admin", "postmaster", "abuse", "security", "support"} <= RESERVED
