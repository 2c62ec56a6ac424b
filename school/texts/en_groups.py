"""What the bot says of groups that teachers make, and of invitations of whole groups, in English."""

from typing import Final

SENTENCES: Final = {
    # Groups that teachers make.
    "group.not_understood": (
        "This is how: !group new Theatre Club, then !group Theatre Club + Anna Koch, Klasse 8.1 - Ben Braun\n"
        "Plus and minus stand between blanks. !help group tells more"
    ),
    "group.none": "You own no group yet. This is how to make one: !group new Theatre Club",
    "group.list": "Your groups:",
    "group.list_all": "Groups that teachers made:",
    "group.line": "• {group}, members: {number}, until {day}, owned by: {owners}",
    "group.list_end": "More about one: !group and its name. All that can be done: !help group",
    "group.leadership": "the school leadership",
    "group.shown": "{group}, until {day}, owned by: {owners}\nMembers ({number}): {names}",
    "group.made": (
        "✅ {group} is there, and you own it. Members: {number}, until {day}.\n"
        "The room is being made. Who has signed in before is in it in a moment, everybody else at their first login."
    ),
    "group.how_to_add": "This is how others come in: !group {group} + Anna Koch, Klasse 8.1",
    "group.changed": "✅ {group}, members now: {number}",
    "group.unchanged": "{group}, members: {number}. Nothing has changed.",
    "group.added": "• added: {who}",
    "group.there_already": "• was in it already: {who}",
    "group.removed": "• not in it any more: {who}",
    "group.not_there": "• was not in it before, either: {who}",
    "group.owners": "✅ {group}, owned by: {owners}",
    "group.renamed": "✅ {before} is called {group} now.",
    "group.kept": "✅ {group} stays until {day}.",
    "group.kept_anyway": "{group} stays until {day} anyway.",
    "group.ended": "✅ {group} has ended. Everybody leaves its room now.",
    "group.end_exactly": "Do you mean {group}? Then please write: !group {group} end",
    "group.gone": "This group is not there any more.",
    "group.name_too_long": "The name is too long. At most 60 characters, please.",
    "group.name_unreadable": (
        "A group cannot be called so: no comma, no semicolon, no plus or minus of its own and no invisible characters, "
        "please."
    ),
    "group.name_taken": "There is a group of this name already. Please choose another one.",
    "group.ends": (
        "📅 {group} ends with the school year: on {day}. If it should be there afterwards, write to me: "
        "!group {group} keep"
    ),
    "group.unowned": (
        "Nobody owns {group} any more, so it is the leadership's now. A new owner: !group {group} owners + Ms Lange. "
        "Not needed any more: !group {group} end"
    ),
    # Lists of people and groups.
    "members.unclear": "Nothing has changed, because some names are not clear yet:",
    "members.unknown": "• I do not find “{name}”.",
    "members.near": "• I do not find “{name}”. Do you mean {near}?",
    "members.several": "• “{name}” can mean several:",
    "members.more": "and {number} more",
    "members.again": "Please write all of it again; of a choice the part with the @ is enough.",
    # Whole groups into somebody's chats.
    "invite.how": (
        "This is how: !invite Klasse 8.1 into Project Bees, or in the room itself: !invite Klasse 8.1\n"
        "With current at the end the room follows the group. !help invite tells more"
    ),
    "invite.which_room": "Into which room? This is how: !invite {group} into Project Bees",
    "invite.no_such_room": "I find no room “{name}” into which you may invite. Your rooms: {rooms}",
    "invite.no_rooms": "You have no room yet into which you may invite. Make one in your app and write it once more.",
    "invite.several_rooms": "Several of your rooms can be “{name}”. Please write in the room itself: !invite {group}",
    "invite.not_here": "This works in rooms that you made or lead. The room of a group follows it by itself.",
    "invite.not_yours": "Whole groups are invited by who made or leads the room. Please ask them.",
    "invite.progress": "⏳ Inviting: {done} of {number}",
    "invite.done": "✅ {group}, newly invited: {number}",
    "invite.there": "• there or invited already: {number}",
    "invite.resting": "• off now, please try again later: {who}",
    "invite.refused": "• not invited: {who}. {why}",
    "invite.failed": "• did not work just now, please try again: {who}",
    "invite.kept": (
        "From now on the room follows {group}: who comes into it is invited, who leaves it is not in the room any "
        "more. It ends with: current off"
    ),
    "invite.stopped": "The room does not follow {group} any more. Everybody in it stays.",
    "invite.not_kept": "The room does not follow {group}. Nothing has changed.",
    "invite.follows": "• {room} follows {group}. It ends with: !invite {group} into {room} current off",
    "invite.ended": "{room} does not follow {group} any more, because you cannot invite there any more.",
}
