"""What letters for a whole school cost: the command as people call it, in a process of its own."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Final

from bench.harness import BenchError, Lab, Row, seconds

_PUPILS: Final = 2500
_IN_A_CLASS: Final = 25
_NAMES: Final = (
    *("Anna;Müller", "Ben;Schneider", "Ayşe;Yılmaz", "Nguyễn Thị;Phạm", "Łukasz;Wójcik", "Олена;Шевченко"),
    *("Marie-Sophie;Müller-Lüdenscheidt", "Amira;Al-Hassan", "أميرة;الحسن", "Ana;O’Brien"),
)
_AIM_SECONDS, _AIM_MB = 60, 500


def rows(lab: Lab) -> Iterator[Row]:
    """One page for each of 2,500 people, codes and all."""
    lab.tell(f"writing {_PUPILS} letters …")
    folder = lab.folder / "letters"
    school_yaml = _school(folder)
    letters = folder / "letters.pdf"
    wanted = ["--class", "Klasse*", "--role", "student", "--language", "ar", "--out", str(letters)]
    took, peak, said = _measured(["-c", str(school_yaml), "letters", *wanted])
    written = re.search(r": (\d+) letters", said)
    if written is None or int(written[1]) != _PUPILS:
        raise BenchError(f"{_PUPILS} letters were asked for: {said}")
    yield Row(
        figure=f"{_PUPILS} letters",
        value=seconds(took),
        shows=f"German and Arabic, {letters.stat().st_size / 1e6:.1f} MB; from the command to the file, with new codes",
        prominent=f"{_PUPILS} letters: {took:.0f} s, {peak:.0f} MB (aim at most {_AIM_SECONDS} s and {_AIM_MB} MB)",
    )
    yield Row(figure="  memory", value=f"{peak:.0f} MB", shows="the most that the process had at any time")
    one = folder / "one.pdf"
    took, peak, _ = _measured(["-c", str(school_yaml), "letters", "--class", "Klasse 7", "--out", str(one)])
    yield Row(figure=f"{_IN_A_CLASS} letters", value=seconds(took), shows=f"of one class; {peak:.0f} MB")


def _school(folder: Path) -> Path:
    """A school with these pupils in its directory, and no homeserver."""
    register = folder / "register"
    register.mkdir(parents=True)
    people = [
        f"S{number};{name};;;Klasse {number // _IN_A_CLASS}" for number, name in zip(range(_PUPILS), cycle(_NAMES))
    ]
    header = "Import-ID;Vorname;Nachname;Klasse/Information;Account;Gruppen"
    (register / "schueler.csv").write_text("\n".join([header, *people]) + "\n", encoding="utf-8")
    (register / "lehrer.csv").write_text(f"{header}\nT1;Ida;Groß;;;Lehrer\n", encoding="utf-8")
    values = [
        "--name",
        "Schule am See",
        "--server-name",
        "schule-am-see.de",
        "--public-url",
        "https://m.schule-am-see.de",
    ]
    _measured(["init", str(folder / "school"), *values, "--homeserver-url", "http://127.0.0.1:1"])
    file = folder / "school" / "school.yaml"
    with file.open("a", encoding="utf-8") as opened:
        opened.write(f"register: {{folder: '{register}'}}\n")
    _measured(["-c", str(file), "sync"], status=1)  # the directory follows; the homeserver is not there
    return file


def _measured(arguments: list[str], *, status: int = 0) -> tuple[float, float, str]:
    """Seconds, MB at the most, and what was said, of one run of the program."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "schulbote", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    with process.stdout:
        said = process.stdout.read()
    _, ended, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(ended)
    if process.returncode != status:
        raise BenchError(said)
    return time.perf_counter() - started, used.ru_maxrss * 1024 / 1e6, said
