"""A sync of another day that is killed anywhere and run once more ends where an undisturbed one does."""

import random
import shutil
import subprocess
import time

from acceptance.killed.end_state import assert_same, end_state
from acceptance.people import Person
from acceptance.running import SCHULBOTE, Demo

_ROUNDS = 12


def use(demo: Demo) -> None:
    """Half of the people log in, so that they have rooms to come into and to leave."""
    for account in demo.info["accounts"][::2]:
        Person(demo, account).enter()


def test_a_later_sync_killed_anywhere_is_finished_by_the_next_one(new_demo, days):
    demo, undisturbed = new_demo("killed"), new_demo("undisturbed")
    wanted = {}
    for one in (undisturbed, demo):
        one.start()
        use(one)
    bot = demo.info["bot"]
    took = 0.0
    for day in (2, 1):
        shutil.copytree(days[day], undisturbed.register, dirs_exist_ok=True)
        started = time.monotonic()
        assert undisturbed.sync("--confirm").returncode == 0
        took = max(took, time.monotonic() - started)
        wanted[day] = end_state(undisturbed, bot)
    assert wanted[1] != wanted[2]
    chance = random.Random(11)
    for number in range(_ROUNDS):
        day = 2 - number % 2
        shutil.copytree(days[day], demo.register, dirs_exist_ok=True)
        command = [*SCHULBOTE, "-c", demo.info["config"], "sync", "--confirm"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.3, 1.0) * took)
        process.kill()
        process.wait()
        again = demo.sync("--confirm")
        assert again.returncode == 0, again.stderr
        assert_same(end_state(demo, bot), wanted[day])
