"""A first sync that is killed anywhere, with its homeserver, ends where an undisturbed one does."""

import random
import time

from acceptance.killed.end_state import assert_same, end_state

_ROUNDS = 8


def test_a_first_sync_killed_anywhere_is_finished_by_the_next_one(new_demo):
    undisturbed = new_demo("undisturbed")
    started = time.monotonic()
    undisturbed.start()
    took = time.monotonic() - started
    bot = undisturbed.info["bot"]
    wanted = end_state(undisturbed, bot)
    undisturbed.end()
    assert len(wanted["people"]) > 30
    assert len(wanted["state"]) > 50
    chance = random.Random(7)
    for number in range(_ROUNDS):
        demo = new_demo(f"killed {number}")
        demo.launch()
        time.sleep(chance.uniform(0.3, 1.0) * took)
        demo.kill_everything()
        demo.start()
        assert_same(end_state(demo, bot), wanted)
        demo.end()
