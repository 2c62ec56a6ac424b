"""Was über Aufgaben gesagt wird, auf Deutsch."""

from typing import Final

SENTENCES: Final = {
    "tasks.reminder": "⏰ Aufgabe „{title}“, fällig {due}: {link}",
    "refused.no_tasks": "Aufgaben kannst du hier nicht stellen oder abgeben. Frag bitte eine Lehrkraft.",
    "refused.not_your_task": (
        "Diese Aufgabe ist für andere. Wenn du sie bearbeiten sollst, frag die Lehrkraft, die sie gestellt hat."
    ),
    "refused.task_not_open": "Diese Aufgabe beginnt erst später. Dann kannst du hier abgeben.",
    "refused.task_is_over": "Die Zeit für diese Aufgabe ist vorbei. Wenn du mehr Zeit brauchst, frag deine Lehrkraft.",
    "refused.hand_in_stays": (
        "Du hast schon abgegeben. Wenn du etwas ändern möchtest, bitte deine Lehrkraft, dir die Aufgabe zurückzugeben."
    ),
    "refused.team_too_large": "So viele können diese Aufgabe nicht zusammen abgeben. Bildet bitte kleinere Teams.",
    "refused.in_another_team": "Jemand von euch gibt schon allein oder in einem anderen Team ab.",
}
