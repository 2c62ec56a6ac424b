"""What the bot says to the commands about people, groups and rooms, in English."""

from typing import Final

SENTENCES: Final = {
    "role.teacher": "teacher",
    "role.teacher.many": "Teachers",
    "role.student": "pupil",
    "role.student.many": "Pupils",
    "role.guardian": "guardian",
    "role.guardian.many": "Guardians",
    # Groups, as people name them.
    "groups.unknown": "I do not find a group “{name}”. Please write its name as it stands in your list.",
    "groups.near": "I do not find a group “{name}”. Do you mean {groups}? Please write it like that once more.",
    "groups.several": "“{name}” can mean several groups: {groups}. Please write the whole name.",
    "groups.many": "“{name}” can mean many groups: {groups} and others. Please write the whole name.",
    "groups.no_room": "{group} has no room yet. The next sync will change that.",
    # Entering and leaving.
    "enter.which": "Where would you like to go? It goes like this: !enter Klasse 9.2",
    "enter.came": "You are in {group} now. With !leave {group} you go again.",
    "enter.is_there": "You are in {group} already.",
    "leave.which": "Which group would you like to leave? It goes like this: !leave Klasse 9.2",
    "leave.left": "You have left {group}.",
    "leave.not_there": "You are not in {group}.",
    # One text to several groups.
    "to.how": "It goes like this: !to Klasse 8.1, Sorgeberechtigte 8.1: There is no sixth lesson tomorrow.",
    "to.not_for_you": "Only teachers write to any group here. Write in your groups yourself, or to a teacher.",
    "to.no_text": "The text behind the colon is missing. Nothing was sent.",
    "to.nothing_sent": "Nothing has been sent yet.",
    "to.too_many": (
        "These are too many at once: in an hour it is {most} groups at most, just now {left} more. Nothing was sent."
    ),
    "to.sending": "⏳ I am writing to the groups: {number}",
    "to.sent": "✅ Sent to {groups}.",
    "to.held": "🌙 Waits until the rest ends: {groups}.",
    "to.no_room": "⛔ No room yet, not sent: {groups}.",
    "to.refused": "⛔ Not sent in {group}: {why}",
    "to.entered": "For that you are in {groups} now. You get out with !leave and the name of the group.",
    "to.later": (
        "⏳ This has not worked everywhere yet. I send the rest as soon as I can, and tell you then. Please do not "
        "write it again."
    ),
    # Rooms in which only teachers write.
    "teachers_only.which": (
        "Write !teachers-only on or !teachers-only off in the room that it is about. For the room of one of your "
        "groups it works here, too: !teachers-only on Klasse 8.1"
    ),
    "teachers_only.not_here": "This works in the room of a group and in rooms with several people.",
    "teachers_only.not_you": (
        "The teachers of the group say this, and in other rooms the teacher who made the room. Please ask them."
    ),
    "teachers_only.not_understood": "It goes like this: !teachers-only on or !teachers-only off",
    "teachers_only.set.on": "🔇 From now on only teachers write here. Everybody reads and can react.",
    "teachers_only.set.off": "🔊 From now on everybody writes here again.",
    "teachers_only.now.on": "🔇 Only teachers write here. To change it: !teachers-only off",
    "teachers_only.now.off": "🔊 Everybody writes here. To change it: !teachers-only on",
    # Who is in a group.
    "who.which": "Which group is it? It goes like this: !who Klasse 8.1",
    "who.group": "{group}, people: {number}",
    "who.never": "Never signed in yet ({number}):",
    "who.all_signed_in": "Everybody has signed in before.",
    "who.more": "and {number} more",
    # Whom somebody may write to.
    "contacts.everybody": "You can write to everybody at the school, for example:",
    "contacts.teachers_and_groups": "You can write to all teachers, and to those who are in your groups:",
    "contacts.groups": "You can write to those who are in your groups:",
    "contacts.own_teachers": "Teachers of your groups:",
    "contacts.how_to_search": "You find others by their name: !contacts Müller",
    "contacts.nobody": "Among those to whom you may write I do not find {name}. Maybe the name is spelt differently?",
    "contacts.near": "I do not find {name}. Do you perhaps mean:",
    "contacts.page": "Page {page} of {pages}, found: {number}. More with: {ask}",
}
