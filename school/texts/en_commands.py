"""What the bot says to the commands about people, groups and rooms, in English."""

from typing import Final

SENTENCES: Final = {
    "role.teacher": "teacher",
    "role.teacher.many": "Teachers",
    "role.student": "pupil",
    "role.student.many": "Pupils",
    "role.guardian": "guardian",
    "role.guardian.many": "Guardians",
    "right.message_everyone": "write to everybody directly",
    "right.message_teachers": "write to teachers directly",
    "right.message_own_groups": "write to each other directly in own groups",
    "right.create_rooms": "make rooms",
    "right.create_groups": "make own groups",
    "right.invite_groups": "invite whole groups",
    "right.write_to_groups": "enter any group and write there",
    "right.set_tasks": "set tasks",
    "right.submit_tasks": "work on tasks and hand them in",
    "right.start_conferences": "start conferences",
    "right.join_conferences": "join conferences",
    "right.reset_passwords": "reset passwords of pupils and guardians",
    # People, as people name them.
    "people.unknown": "I do not find {name}. Please write the given and the family name.",
    "people.near": "I do not find {name}. Do you mean {near}? Please write it like that once more.",
    "people.several": "“{name}” can mean several: {people}. Please write the whole name or the one in brackets.",
    # Who may do what.
    "rights.leadership_only": (
        "The leadership sees the rights of others. Why you cannot do something I tell you when you try."
    ),
    "rights.how": (
        "It goes like this: !rights Anna Koch. Whether one may write to the other: !rights Anna Koch to Ben Braun"
    ),
    "rights.leads": "Belongs to the leadership.",
    "rights.locked": "🔒 The account is locked by the leadership.",
    "rights.by_default": "meant for this role",
    "rights.by_role": "decided by the school for this role ({rule})",
    "rights.by_group": "decided for {group} ({rule})",
    "rights.by_person": "decided for this person ({rule})",
    "rights.nothing": "nothing allows it",
    "rights.changed_by_it": "Only the school's IT staff change this, in school.yaml.",
    "rights.may_write": "✅ {person} may write to {other} directly.",
    "rights.may_not_write": "⛔ {person} may not write to {other} directly.",
    "rights.rule": "The rule {rule} says so.",
    # Locked accounts.
    "lock.leadership_only": "Accounts are locked by the leadership. If something has happened, please tell them.",
    "lock.how": "Whom? It goes like this: !lock Anna Koch",
    "lock.confirm": (
        "Shall this account be locked? {person}\nThen it is signed out everywhere at once. If that is right, write: "
        "!lock {sign} confirm"
    ),
    "lock.done": "🔒 The account of {name} is locked and signed out everywhere. To take it back: !unlock {sign}",
    "lock.is_locked": "🔒 The account of {name} was locked already.",
    "lock.oneself": "You can neither lock nor unlock your own account.",
    "lock.admin": "{name} runs the server; nobody can lock this account here.",
    "unlock.how": "Whom? It goes like this: !unlock Anna Koch",
    "unlock.done": "🔓 The account of {name} is open again. The password is the one it had.",
    "unlock.is_open": "The leadership has not locked the account of {name}.",
    # Groups, as people name them.
    "groups.unknown": "I do not find a group “{name}”. Please write its name as it stands in your list.",
    "groups.near": "I do not find a group “{name}”. Do you mean {groups}? Please write it like that once more.",
    "groups.several": "“{name}” can mean several groups: {groups}. Please write the whole name.",
    "groups.many": "“{name}” can mean many groups: {groups} and others. Please write the whole name.",
    "groups.no_room": "{group} has no room yet. It comes in a moment, at the latest with the next sync.",
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
