"""The sentences in English."""

from typing import Final

SENTENCES: Final = {
    # Why something is refused (school.domain.decisions.Reason), with the way out.
    "refused.unknown_person": "Your account belongs to nobody at this school. The school office can help.",
    "refused.unknown_recipient": "There is nobody of this name at this school (any more).",
    "refused.invitations_blocked": "This person accepts no invitations right now. Write in a group that you share.",
    "refused.no_common_group": (
        "You cannot write to this person directly because you have no group in common. "
        "Write in your groups or to a teacher."
    ),
    "refused.would_bridge_groups": (
        "Somebody in this room may not write to this person. Ask a teacher to open a room for all of you."
    ),
    "refused.no_rooms": "You cannot make rooms of your own. Ask a teacher for one, or write in your class.",
    "refused.no_spaces": "Only the school makes spaces and rooms of groups.",
    "refused.not_in_group": "This room belongs to a group that you are not in.",
    "refused.not_invited": "This room is by invitation only.",
    "refused.direct_room_is_for_two": (
        "A direct chat is for two people and has no name of its own. For more people you need a room."
    ),
    "refused.room_stays_private": "Rooms of this school stay private: without a public address and unlisted.",
    "refused.no_knocking": "Knocking is not offered here. Ask somebody in the room for an invitation.",
    "refused.group_is_kept": "Who is in this room follows from the group. You can mute the room instead.",
    "refused.no_teacher_left": "There is no teacher in this room any more, so it can only be read.",
    "refused.read_only": "Only the school writes here.",
    "refused.not_offered": "This is not offered at this school. Please write a message instead.",
    "refused.rules_are_fixed": "The school decides on this setting of the room.",
    "refused.too_large": "The message is too long to be kept until the rest time ends. Please split it.",
    "refused.malformed": "This request cannot be understood.",
    "refused.must_wait": "This is possible only after the rest time. You can write a message now.",
    "try_again": "This did not work just now. Please try again in a moment.",
    "not_delivered": "⛔ Not delivered: {why}",
    "too_many_refusals": "This was not delivered several times just now. Please wait a few minutes.",
    # Rest time.
    "held": "🌙 {name} is off until {until}. This message will be delivered then.",
    "held.many": "🌙 Everybody here is off until {until}. This message will be delivered then.",
    "held.no_end": "🌙 {name} is off. This message will be delivered afterwards.",
    "held.draining": "🌙 This message will be delivered in a moment, after those that are waiting already.",
    "held.receipt": "🌙 Written {written}, delivery {due} ✓",
    "held.receipt.no_end": "🌙 Written {written}, delivery after the rest time ✓",
    "held.refused": "⛔ Written {written}, not delivered: {why}",
    "held.lost": "It cannot be opened any more. Please write it once more.",
    # The bot.
    "bot.name": "Schulbote",
    "bot.unknown": "I did not understand that. Write !help and I will tell you what I can do.",
    "bot.failed": "This did not work just now. Please try again in a moment.",
    "bot.help": (
        "I am the school's messenger. You can write to me:\n"
        "!help – this list\n"
        "!rest – whether you are off right now and until when (for teachers)\n"
        "!rest 2h – be off from now on, also 30s, 45min, 3 days or until 7:30\n"
        "!rest off – end your rest time, also: !rest off until 18:00\n"
        "While you are off I keep messages to you and deliver them afterwards."
    ),
    "rest.teachers_only": "Rest time is for teachers. You always get your messages at once.",
    "rest.now_until": "🌙 You are off until {until} ({why}).",
    "rest.now_no_end": "🌙 You are off ({why}).",
    "rest.none": "You are not off right now.",
    "rest.none_next": "You are not off right now. The next rest begins {next}.",
    "rest.started": "🌙 You are off until {until}. I keep messages to you until then.",
    "rest.ended": "☀️ Your rest time has ended. What was waiting comes now.",
    "rest.paused_until": "☀️ Your rest time is paused until {until}. What was waiting comes now.",
    "rest.cause.own": "set by you",
    "rest.cause.free_day": "a free day",
    "rest.cause.outside_hours": "outside school hours",
    "rest.not_understood": "I did not understand this time. Try: !rest 2h, !rest 45min, !rest until 7:30, !rest off",
    "rest.too_long": "That is too long at once: {days} days at most.",
}
