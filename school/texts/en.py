"""The sentences in English."""

from typing import Final

SENTENCES: Final = {
    # Why something is refused (school.domain.decisions.Reason), with the way out.
    "refused.unknown_person": "Your account belongs to nobody at this school. The school office can help.",
    "refused.unknown_recipient": (
        "There is nobody of this name at this school (any more). Look in the search for people, or ask the school "
        "office."
    ),
    "refused.invitations_blocked": "This person accepts no invitations right now. Write in a group that you share.",
    "refused.no_common_group": (
        "You cannot write to this person directly because you have no group in common. "
        "Write in your groups or to a teacher."
    ),
    "refused.no_common_group.ask_in": (
        "You cannot write to this person directly. You can ask in {group} or write to a teacher."
    ),
    "refused.would_bridge_groups": (
        "Somebody in this room may not write to this person. Ask a teacher to open a room for all of you."
    ),
    "refused.people_grew_apart": (
        "There are people in this room who may no longer write to each other, so it can only be read. "
        "A teacher can open a new one."
    ),
    "refused.people_grew_apart.ask_in": (
        "There are people in this room who may no longer write to each other, so it can only be read. "
        "You can write in {group}."
    ),
    "refused.no_rooms": "You cannot make rooms of your own. Ask a teacher for one, or write in your class.",
    "refused.no_rooms.ask_in": (
        "You cannot make rooms of your own. You can write in {group}, or ask a teacher for a room."
    ),
    "refused.no_groups": "You cannot make groups. Please ask a teacher.",
    "refused.group_from_register": (
        "This group comes from the school's register. Who is in it is changed by the school office."
    ),
    "refused.not_an_owner": "This group is changed by its owners and the school leadership. Please ask one of them.",
    "refused.leadership_only": "Who owns a group is said by the school leadership. Please ask them.",
    "refused.may_not_own": "This person may not own a group. Please name a teacher.",
    "refused.no_group_invitations": ("You cannot invite whole groups. Invite people one by one, or ask a teacher."),
    "refused.no_conferences": "Calls and conferences are started by a teacher here. Ask one for it in a message.",
    "refused.not_encrypted": (
        "There are no encrypted messages in this room. Switch encryption off and write once more."
    ),
    "refused.no_spaces": "Only the school makes spaces and rooms of groups. A teacher can open a chat room.",
    "refused.not_in_group": "This room belongs to a group that you are not in. A teacher of the group can help.",
    "refused.not_invited": "This room is by invitation only. Ask somebody in the room for one.",
    "refused.direct_room_is_for_two": (
        "A direct chat is for two people and has no name of its own. For more people you need a room."
    ),
    "refused.room_stays_private": (
        "Rooms of this school stay private: without a public address and unlisted. Invite people one by one."
    ),
    "refused.no_knocking": "Knocking is not offered here. Ask somebody in the room for an invitation.",
    "refused.group_is_kept": "Who is in this room follows from the group. You can mute the room instead.",
    "refused.not_in_room": "This person is not in this room.",
    "refused.not_a_moderator": "Only those who lead this room can do that. Ask them in a message.",
    "refused.others_words": "What others wrote can be deleted by a teacher only. Ask one.",
    "refused.no_teacher_left": (
        "There is no teacher in this room any more, so it can only be read. A teacher can open a new one."
    ),
    "refused.no_teacher_left.ask_in": (
        "There is no teacher in this room any more, so it can only be read. You can write in {group}."
    ),
    "refused.read_only": "Only the teachers or the school write here. Write in the room of the group.",
    "refused.not_offered": "This is not offered at this school. Please write a message instead.",
    "refused.rules_are_fixed": "The school decides on this setting of the room. Ask a teacher if something is wrong.",
    "refused.too_large": "The message is too long to be kept until the rest time ends. Please split it.",
    "refused.file_too_large": "This file is larger than you may send. Please make it smaller or split it.",
    "refused.file_type": "You may not send files of this type. Pictures and PDF are usually fine.",
    "refused.malformed": "This request cannot be understood. Please update your app.",
    "refused.too_many": "You did this very often just now. Please wait a while and then try again.",
    "refused.no_resets": "A teacher resets passwords. Please ask one, or the school office.",
    "refused.not_of_staff": (
        "Only passwords of pupils and guardians are reset here. The school's IT staff help everybody else."
    ),
    "refused.not_own_pupil": (
        "At this school you reset passwords in your own groups only. Please ask a teacher of the class."
    ),
    "refused.must_wait": "This is possible only after the rest time. You can write a message now.",
    "try_again": "This did not work just now. Please try again in a moment.",
    "not_delivered": "⛔ Not delivered: {why}",
    "too_many_refusals": "This was not delivered several times just now. Please wait a few minutes.",
    # Rest time.
    "held": "🌙 {name} is off until {until}. This message will be delivered then.",
    "held.many": "🌙 All teachers here are off until {until}. This message will be delivered then.",
    "held.no_end": "🌙 {name} is off. This message will be delivered afterwards.",
    "held.draining": "🌙 This message will be delivered in a moment, after those that are waiting already.",
    "held.deputy": "{name} stands in.",
    "held.receipt": "🌙 Written {written}, delivery {due} ✓",
    "held.receipt.no_end": "🌙 Written {written}, delivery after the rest time ✓",
    "held.receipt.soon": "🌙 Written {written}, delivery in a moment ✓",
    "held.refused": "⛔ Written {written}, not delivered: {why}",
    "held.lost": "It cannot be opened any more. Please write it once more.",
    # The bot.
    "bot.name": "Schulbote",
    "bot.unknown": "I did not understand that. Write !help and I will tell you what I can do.",
    "bot.unknown_near": "I did not understand that. Do you mean !{near}? With !help I tell you what I can do.",
    "bot.failed": "This did not work just now. Please try again in a moment.",
    "rest.teachers_only": "Rest time is for teachers. You always get your messages at once.",
    "rest.now_until": "🌙 You are off until {until} ({why}).",
    "rest.now_no_end": "🌙 You are off ({why}).",
    "rest.none": "You are not off right now.",
    "rest.none_next": "You are not off right now. The next rest begins {next}.",
    "rest.started": "🌙 You are off until {until}. I keep messages to you until then.",
    "rest.ended": "☀️ Your rest time has ended. What was waiting comes now.",
    "rest.paused_until": "☀️ Your rest time is paused until {until}. What was waiting comes now.",
    "rest.cause.own": "set by you",
    "rest.cause.absent": "away",
    "rest.cause.free_day": "a free day",
    "rest.cause.outside_hours": "outside school hours",
    "rest.cause.minimum": "the school's minimum rest",
    "rest.not_understood": "I did not understand this time. Try: !rest 2h, !rest 45min, !rest until 7:30, !rest off",
    "rest.too_long": "That is too long at once: {days} days at most.",
    "rest.school_keeps_it": (
        "The school's rest time cannot be shortened here. What you had set yourself has ended. You can write at any "
        "time."
    ),
    "rest.minimum": (
        "Until {until} the school's minimum rest holds, which cannot be shortened. You can write at any time."
    ),
    "absence.none": "No absence is entered for you. It works like this: !away 24 Nov to 28 Nov deputy Ms Lange",
    "absence.listed": "This is entered:\n{lines}\n!away off ends the one that runs or comes next.",
    "absence.entered": "🌙 Entered: {what}. I keep messages to you until then. !away off ends it earlier.",
    "absence.ended": "☀️ Your absence has ended. What was waiting comes as soon as you are not off.",
    "absence.taken_back": "Taken back: {what}.",
    "absence.days": "{first} to {last}",
    "absence.open": "from {first}, end not known",
    "absence.with_deputy": "{days}, deputy: {name}",
    "absence.not_understood": (
        "I did not understand these days. It works like this: !away 24 Nov to 28 Nov deputy Ms Lange, also: tomorrow, "
        "until Friday, from 24 Nov"
    ),
    "absence.backward": (
        "The end is before the beginning. If you mean it, please write the years, such as 1 Aug 2027 to 31 Jul 2028."
    ),
    "absence.over": "These days are over already. Please look at the date once more.",
    "absence.deputy_unknown": (
        "I cannot find this deputy among the teachers, so nothing is entered. Please write given and family name."
    ),
    "absence.deputy_near": (
        "I cannot find {name} among the teachers, so nothing is entered. Do you mean {near}? Please write it again "
        "like that."
    ),
    "absence.deputy_several": (
        "This can mean several people: {names}. Nothing is entered; please write the whole name or the one in brackets."
    ),
    "absence.deputy_self": "You cannot be your own deputy. Please name somebody else, or leave it out.",
    "room_rest.which": (
        "Write !rest-room hold or !rest-room silent in the room that you mean. For the room of one of your groups you "
        "can do it here as well: !rest-room hold Klasse 8.1"
    ),
    "room_rest.not_here": "This is for group rooms and rooms of several people. Nothing changes here.",
    "room_rest.teachers_only": "The teachers of this room say whether messages wait here. Please ask one of them.",
    "room_rest.not_understood": "Try: !rest-room hold or !rest-room silent",
    "room_rest.set.hold": (
        "🌙 From now on messages in this room wait while all teachers here are off. What teachers write comes at once."
    ),
    "room_rest.set.silent": (
        "🌙 From now on messages in this room arrive at once. Nothing rings for teachers who are off."
    ),
    "room_rest.now.hold": (
        "🌙 Messages in this room wait while all teachers here are off. To change it: !rest-room silent"
    ),
    "room_rest.now.silent": (
        "🌙 Messages in this room arrive at once, silently for teachers who are off. To change it: !rest-room hold"
    ),
    "room_rest.now.by_itself": (
        "🌙 Messages in this room wait while all teachers here are off and at most two others are in it. "
        "To change it: !rest-room hold or !rest-room silent"
    ),
    # Passwords.
    "reset.which": "Whose password? Like this: !password Anna Koch",
    "reset.nobody": "I do not find {name} among the pupils and guardians. Nothing is changed.",
    "reset.near": "I do not find {name}. Do you mean {near}? Nothing is changed; please write it again like that.",
    "reset.several": "Several people can be meant. Nothing is changed; please write one of these:\n{choices}",
    "reset.code": (
        "🔑 New code for {name} (user name {user}):\n{code}\n"
        "It is the password in every app until {until}, or until they have chosen their own. The old password is over, "
        "all devices are signed out. Please give the code to {name} only."
    ),
    "reset.password": (
        "🔑 New password for {name} (user name {user}):\n{code}\n"
        "It is good wherever the school's password is. All devices are signed out. Please give it to {name} only."
    ),
    "reset.goes": "I delete this message after {minutes} minutes.",
    "reset.letter": "Until then there is a letter of it to print: {link}",
    "reset.elsewhere": "The password of {name} belongs to the school's single sign-on and is reset there{where}.",
    "reset.again_at": "From {when} on you can again.",
    "reset.told": ("🔑 {name} has reset your password. If you did not want that, please tell somebody at school."),
    # The greeting, and links to one's own pages.
    "greeting.hello": "Welcome, {name}! I am the bot of your school.",
    "greeting.password": (
        "Choose a password of your own now; then you do not need the code on your letter any more: {link}"
    ),
    "greeting.account": "What is stored about you, and where you are signed in, is here: {link}",
    "greeting.link": "The link works for a day, once, and for you only. With !account you get a new one.",
    "greeting.rooms": "The rooms of your groups are there already. You can read and write in them.",
    "greeting.help": "What else I can do I tell you with !help.",
    "account.link": "Here is your personal link. It works for half an hour, once, and for you only: {link}",
    "account.password_chosen": (
        "🔑 Your password has just been changed. If that was not you, please tell a teacher at once."
    ),
    # What the bot says after a rest.
    "summary": "🌙 While you were off: {news}.",
    "summary.one": "1 new message {where}",
    "summary.many": "{number} new messages {where}",
    "summary.more_than": "more than {number}",
    "summary.from_person": "from {name}",
    "summary.elsewhere": "in other rooms",
    # The sync with the register.
    "sync.leadership_only": (
        "The sync with the register is started by the leadership. If something is wrong in your groups, please tell "
        "the school office."
    ),
    "sync.not_understood": "It works like this: !sync, !sync dry-run, !sync confirm",
    "sync.running": "A sync is running already. Please wait until it has finished.",
    "sync.busy": "Another program is syncing just now. Please try again in a moment.",
    "sync.started": "⏳ The sync is running.",
    "sync.progress": "⏳ The sync is running: {stages}",
    "sync.stage.accounts": "accounts",
    "sync.stage.rooms": "rooms",
    "sync.stage.memberships": "memberships",
    "sync.stage.closing": "closing",
    "sync.preview": "This is what a sync would do now:",
    "sync.nothing": "There is nothing to change.",
    "sync.counts": (
        "People: {people_added} new, {people_changed} changed, {people_left} gone\n"
        "Groups: {groups_added} new, {groups_changed} changed, {groups_ended} gone\n"
        "Memberships: {memberships_added} new, {memberships_removed} gone"
    ),
    "sync.done": "✅ The sync is done.",
    "sync.done_in_part": "⚠️ The sync is done, but not everything worked.",
    "sync.failures": "The next sync tries these once more:",
    "sync.doubts": "Please look at this in the register:",
    "sync.more": "… and {number} more",
    "sync.stopped": "⛔ The sync waits for a person's word, nothing is changed. {why}",
    "sync.would_stop": "⛔ This plan needs a person's word. {why}",
    "sync.how_to_confirm": "If that is right, write: !sync confirm",
    "sync.other_plan": "The plan is another one by now. Please look at it once more.",
    "sync.unreadable": "⛔ The register cannot be used as it is, nothing is changed. {why}",
    "sync.failed": "⛔ The sync did not come to its end. Please start it again later. ({why})",
    # In letters.
    "letters.child": "Child: {names}",
}
