"""What is said about tasks, in English."""

from typing import Final

SENTENCES: Final = {
    "tasks.line": "• {title}, due {due}: {state}. {link}",
    "tasks.line_of_teacher": "• {title}, due {due}: {handed_in} of {learners} handed in. {link}",
    "tasks.none": "There are no tasks for you just now.",
    "tasks.all": "All tasks: {link}",
    "tasks.set": "The task “{title}” is set, due {due}. Add a text and files here: {link}",
    "tasks.unclear.how": (
        "Write for example: !task new Learn the poem until Friday 18:00 for Klasse 8.1. Or here, "
        "with all there is: {link}"
    ),
    "tasks.unclear.when": (
        "Until when? Write a day, with or without a time: until Friday, until 8 May 18:00. Or here: {link}"
    ),
    "tasks.unclear.past": "That date is over already. Write a later one, or set the task here: {link}",
    "tasks.trouble.title": "Please give the task a title of at most 120 characters.",
    "tasks.trouble.nobody": "Nobody in that group hands in tasks.",
    "tasks.doubt.weekend": "It is due on a weekend. Did you mean that?",
    "tasks.doubt.free_day": "It is due on a day without school. Did you mean that?",
    "tasks.state.new": "new",
    "tasks.state.begun": "begun",
    "tasks.state.handed_in": "handed in",
    "tasks.state.late": "late",
    "tasks.state.returned": "returned",
    "tasks.state.closed": "closed",
    "help.tasks": "your tasks",
    "help.tasks.more": (
        "!tasks – what you have to do and until when, with links; teachers see what they have set, too"
    ),
    "help.task": "set a task",
    "help.task.more": (
        "!task new Learn the poem until Friday 18:00 for Klasse 8.1\nSeveral groups and single "
        "people are possible, with commas between them. Without a time it is due at the end of "
        "the day. Its text, files and all else go on its page."
    ),
    "tasks.posted": "📝 Task “{title}”, due {due}: {link}",
    "tasks.changed": "📝 Changed: task “{title}”, due {due}: {link}",
    "tasks.closed": "📝 The task “{title}” is closed.",
    "tasks.not_yours": "📝 The task “{title}” is not for this group any more.",
    "tasks.soon": "⏰ Due tomorrow: task “{title}”: {link}",
    "tasks.came_in": "Handed in for “{title}”: {number}.",
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
