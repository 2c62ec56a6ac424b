"""What the bot can do, in English: for each command a line for the list and a longer text (`….more`)."""

from typing import Final

SENTENCES: Final = {
    "help.list": "I am the school's messenger. You can write to me:",
    "help.list_end": "More about a command, with examples: !help and its name.",
    "help.unknown": "I do not know this command.",
    "help.not_for_you": "This command is meant for others. Write !help and I will tell you what you can write to me.",
    "help.also": "Also: {names}",
    "help.topic.general": "General",
    "help.topic.people": "People",
    "help.topic.groups": "Groups",
    "help.topic.rooms": "Rooms",
    "help.topic.rest": "Rest time",
    "help.topic.leadership": "Leadership",
    "help.help": "this list",
    "help.help.more": "!help rest – all about !rest, also: !rest help\nWhat is meant for others is not in your list.",
    "help.contacts": "whom you can write to, with links",
    "help.contacts.more": (
        "!contacts – the teachers of your groups and who else is in them\n"
        "!contacts Müller – everybody of this name to whom you may write; also with typing errors\n"
        "!contacts Müller 2 – the second page\n"
        "Tap a name to write. This finds more than the search of your app."
    ),
    "help.who": "who is in a group",
    "help.who.more": (
        "!who Klasse 8.1 – everybody in the group; teachers see who has never signed in, too\n"
        "A part of the name is enough: !who 8.1"
    ),
    "help.enter": "come into the room of a group",
    "help.enter.more": (
        "!enter Klasse 9.2 – brings you into the rooms of the group, even if you do not belong to it\n"
        "!leave Klasse 9.2 – and out again"
    ),
    "help.leave": "leave the room of a group again",
    "help.leave.more": (
        "!leave Klasse 9.2 – takes you out of the rooms of a group that you visited\n"
        "Your own groups cannot be left; you can mute them."
    ),
    "help.to": "write one text into the rooms of several groups",
    "help.to.more": (
        "!to Klasse 8.1, Sorgeberechtigte 8.1: There is no sixth lesson tomorrow.\n"
        "The text comes into each room as if you had written it there, over several lines, too. I clear all names up "
        "before; afterwards I tell where it went.\n"
        "To take it back, delete the message in the rooms."
    ),
    "help.teachers_only": "whether only teachers write in a room",
    "help.teachers_only.more": (
        "!teachers-only on – only teachers write in this room; everybody reads and can react\n"
        "!teachers-only off – everybody writes again\n"
        "!teachers-only – how it is now\n"
        "Write it in the room itself, or here with the name of your group: !teachers-only on Klasse 8.1\n"
        "It works in the room of your group and in rooms that you made. Say it there once more when a teacher has come."
    ),
    "help.files": "a link to the files of your groups",
    "help.files.more": (
        "!files – a link that works for half an hour, once, and for you only. There is all that was shared in the "
        "rooms of your groups."
    ),
    "help.appointments": "a link to your appointments",
    "help.appointments.more": (
        "!appointments – a link that works for half an hour, once, and for you only. There you answer, make "
        "appointments if you are a teacher, and get the address for your calendar program."
    ),
    "help.account": "a link to your account: what is stored, where you are signed in",
    "help.account.more": (
        "!account – a link that works for half an hour, once, and for you only\n"
        "There you also sign out devices that you do not have any more."
    ),
    "help.password": "a link to the page where you choose your password; as a teacher, help others in",
    "help.password.more": (
        "!password – a link that works for half an hour, once, and for you only\n"
        "!password Anna Koch – a new code for somebody who cannot get in any more (for teachers)\n"
        "The old password and all devices end with it, and both are told. The code can be had as a letter, too."
    ),
    "help.rest": "whether you are off, and begin or end it",
    "help.rest.more": (
        "!rest – whether you are off right now and until when\n"
        "!rest 2h – be off from now on, also 30s, 45min, 3 days or 1 week\n"
        "!rest until 7:30 – until the next 7:30\n"
        "!rest off – end your rest time\n"
        "!rest off until 18:00 – be reached until then\n"
        "While you are off I keep messages to you and deliver them afterwards."
    ),
    "help.away": "enter days on which you are away, with your deputy",
    "help.away.more": (
        "!away 24 Nov to 28 Nov deputy Ms Lange – who writes to you is told your deputy\n"
        "!away tomorrow – also: until Friday, 24.11., next week, from 24 Nov\n"
        "!away – what is entered\n"
        "!away off – ends the absence that runs, or takes back the next one\n"
        "Nobody asks why you are away."
    ),
    "help.waiting": "how many messages wait for you, and from whom",
    "help.waiting.more": (
        "!waiting – how many messages wait for you, from whom, since when, and when the next one comes\n"
        "What is in them I do not say in your rest time."
    ),
    "help.outbox": "what of yours is still waiting",
    "help.outbox.more": (
        "!outbox – your messages that still wait, with numbers, and when they come\n"
        "!withdraw 2 – takes back the one with the number 2\n"
        "To change it, edit the message in its room."
    ),
    "help.withdraw": "take back a message that still waits",
    "help.withdraw.more": (
        "!withdraw 2 – takes back what has the number 2 in !outbox; also several: !withdraw 1 3\n"
        "The same happens when you delete the notice in the room."
    ),
    "help.sick": "tell the school office who will be absent",
    "help.sick.more": (
        "!sick Anna tomorrow – also: today, 24 Nov, until Friday, 24 to 25 Nov\n"
        "!sick tomorrow – if only one child can be meant\n"
        "Nobody needs the reason; only child and days go to the school office."
    ),
    "help.urgent": "write past the rest time",
    "help.urgent.more": (
        "!urgent Ms Lange (burst pipe): Please come at 10 tomorrow.\n"
        "The reason stands in brackets and is a part of the message. It comes into your room with this person and "
        "rings. Who wrote urgently to whom and when is recorded, but not what."
    ),
    "help.rest_room": "whether messages in a room wait while its teachers are off",
    "help.rest_room.more": (
        "!rest-room hold – messages in this room wait while all its teachers are off\n"
        "!rest-room silent – they arrive at once, silently for who is off\n"
        "!rest-room – how it is now\n"
        "Write it in the room itself, or here with the name of your group: !rest-room hold Klasse 8.1"
    ),
    "help.rights": "what somebody may do and why",
    "help.rights.more": (
        "!rights Anna Koch – every right, and what gives or takes it\n"
        "!rights Anna Koch to Ben Braun – whether one may write to the other directly\n"
        "This changes nothing; the school's IT staff change rights."
    ),
    "help.lock": "lock an account",
    "help.lock.more": (
        "!lock Anna Koch – asks back who is meant\n"
        "!lock Anna Koch confirm – locks it: signed out everywhere at once, no more signing in\n"
        "!unlock Anna Koch – takes it back\n"
        "A sync does not change that. What has been written stays and arrives."
    ),
    "help.unlock": "open a locked account again",
    "help.unlock.more": "!unlock Anna Koch – signing in works again then, with the password it had",
    "help.sync": "follow the register",
    "help.sync.more": (
        "!sync dry-run – what would change\n"
        "!sync – syncs now and tells how far it is\n"
        "!sync confirm – applies a plan that removes many people, after you have seen it"
    ),
    "help.group": "make and change groups, such as a club",
    "help.group.more": (
        "!group new Theatre Club – you own it, and it gets a room\n"
        "!group Theatre Club + Anna Koch, Klasse 8.1 - Ben Braun – put people in and take them out, also: parents of "
        "Anna Koch, Anna Koch with parents. Plus and minus stand between blanks.\n"
        "!group Theatre Club – who is in it, who owns it and how long it stays\n"
        "!group – your groups\n"
        "!group Theatre Club rename to Stage\n"
        "!group Theatre Club keep – a school year longer; else it ends with this one, and I tell you before\n"
        "!group Theatre Club end\n"
        "!group Theatre Club owners + Ms Lange - Mr Braun – who owns it (for the leadership)\n"
        "Who has never signed in comes into the room at their first login. Who comes into the class later does not "
        "come in by themselves."
    ),
    "help.invite": "invite a whole group into one of your rooms",
    "help.invite.more": (
        "!invite Klasse 8.1 into Project Bees – everybody of the class who is not there yet; several groups, too: "
        "Klasse 8.1, Klasse 8.2\n"
        "!invite Klasse 8.1 – the same, written in the room itself\n"
        "!invite Klasse 8.1 into Project Bees current – the room follows the class: who is new is invited, who leaves "
        "it is not in the room any more\n"
        "!invite Klasse 8.1 into Project Bees current off – it does not follow any more, everybody stays\n"
        "!invite – which of your rooms follow a group\n"
        "It works in rooms that you made or lead. It is decided about each person on their own."
    ),
}
