"""What is said about tasks, in English."""

from typing import Final

SENTENCES: Final = {
    "tasks.reminder": "⏰ Task “{title}”, due {due}: {link}",
    "refused.no_tasks": "You cannot set or hand in tasks here. Please ask a teacher.",
    "refused.not_your_task": "This task is for others. If you should work on it, ask the teacher who set it.",
    "refused.task_not_open": "This task begins later. Then you can hand it in here.",
    "refused.task_is_over": "The time for this task is over. If you need more, ask your teacher.",
    "refused.hand_in_stays": (
        "You have handed it in already. If you want to change something, ask your teacher to return it to you."
    ),
    "refused.team_too_large": "So many cannot hand in this task together. Please make smaller teams.",
    "refused.in_another_team": "One of you hands in alone or in another team already.",
}
