"""What the id of a rule means, in words: where a decision comes from."""

from collections.abc import Mapping
from typing import Final

from school.config import Settings
from school.domain.decisions import NO_RULE
from school.domain.rights import Level, Rule, default_rules

FIXED_RULES: Final[Mapping[str, str]] = {
    "accounts:never_of_staff": "Teachers reset passwords of pupils and guardians only.",
    "accounts:ten_an_hour": "Nobody resets more than ten passwords in an hour.",
    "accounts.resets": "The key `accounts.resets` in `school.yaml`.",
    "bot:reaches_everybody": "The bot may be written to by everybody, and is let in everywhere.",
    "directory:sender": "Who acts is in the register.",
    "directory:recipient": "Who is written to or invited is in the register.",
    "directory:membership": "Who is in the group is in its room.",
    "directory:teachers_see_everybody": "Teachers find everybody in the search for people.",
    "encryption.roles": (
        "Encryption is for rooms in which everybody has one of the roles that `school.yaml` names there."
    ),
    "files": "The limits for files in `school.yaml`; `files.roles.ROLE` for one role.",
    "groups:origin": "What comes from the register is changed there.",
    "groups:owners": "A group that a teacher made is changed by its owners.",
    "groups:leadership": "The leadership changes every group that a teacher made, and says who owns it.",
    "groups:no_bridge": (
        "Who may not write to everyone brings only people together in a group who may write to each other."
    ),
    "rooms:control": "Everybody may open a room with the bot.",
    "rooms:direct": "A direct room is for two.",
    "rooms:request": "What asks for what no person may have is refused before any right is asked.",
    "rooms:invitation_blocked": "Nobody is invited whose client refuses invitations.",
    "rooms:only_the_school": "Addresses, lists and invitations by email are nobody's.",
    "rooms:answers_a_call": "A call is answered where somebody is who may start one.",
    "rooms:power_levels": "Some things are for those who lead a room; they make others leaders, and change no level.",
    "rooms:no_stamp": "A room that is not the school's can be left, and nothing else.",
    "rooms:membership": "Only who is in a room can be sent away from it.",
    "rooms:own_widget": "Under the id of the school's widget there is only that widget.",
    "rooms:one_emoji": "A reaction is one emoji.",
    "rooms:names": "Nobody who rests is invited to a chat with a name, a topic or a picture: those are words, too.",
    "rooms:others_words": "What others wrote is deleted by teachers only, and in a direct room by nobody.",
    "rooms:teachers_moderate": "Who may write to everyone may delete what others wrote in a chat.",
    "rooms:teachers_lead": "The teachers of a group say whether only teachers write in its room.",
    "rooms:invites_oneself": "Nobody invites themselves.",
    "rooms:groups_come_from_the_school": "Only the school makes spaces and group rooms.",
    "rooms:teachers_room": "Teachers may bring anybody into a teacher's room.",
    "rooms:no_bridge": "Everybody in the room may write to everybody else in it who is no teacher.",
    "rooms:maker_has_left": "Nobody comes into a room whose maker is no longer in the register.",
    "rooms:needs_a_teacher": "A teacher's room needs a teacher.",
    "rooms:maker": "Who made a room may come back.",
    "rooms:by_invitation": "One comes into a chat by invitation only.",
    "rooms:invited": "Who is invited may come.",
    "rooms:free_to_leave": "Rooms that belong to no group can be left.",
    "rooms:chat": "In a chat its moderators may remove people; members may write.",
    "rooms:membership_is_fixed": "Nobody is removed from direct rooms and group rooms.",
    "rooms:own_redactions": "What one wrote, one may delete.",
    "rooms:state": "Only the settings listed in docs/rules.md are people's to change.",
    "rooms:types": "Only the types listed in docs/rules.md are sent.",
    "rooms:urgent": "Urgent messages are the leadership's, in a direct room, by `!urgent`.",
    "rooms:announcements": "In announcements the teachers of the group write.",
    "rooms:space": "Nobody writes in a space.",
}
"""The rules that stand in no line of the table. docs/rules.md is made from this."""

_DEFAULTS: Final[Mapping[str, Rule]] = {rule.id: rule for rule in default_rules()}


def in_words(rule_id: str, settings: Settings) -> str:
    """One sentence that says where a rule comes from."""
    if rule_id == NO_RULE:
        return "Nothing grants it: no line of school.yaml, and not the default table."
    if default := _DEFAULTS.get(rule_id):
        return f"The default table gives {default.right} to the role {default.subject}."
    for line in settings.rights.lines:
        if line.id == rule_id:
            return f"A line of {settings.path.name} {said_by(line)}."
    return FIXED_RULES.get("files" if rule_id.startswith("files.") else rule_id, "See docs/rules.md.")


def said_by(line: Rule) -> str:
    """`gives create_rooms to the role student`."""
    verb, word = ("gives", "to") if line.allow else ("takes", "from")
    whom = {
        Level.ROLE: f"the role {line.subject}",
        Level.GROUP: f'{f"the role {line.role}" if line.role else "everybody"} in a group named "{line.subject}"',
        Level.PERSON: f"the person {line.subject}",
    }
    return f"{verb} {line.right} {word} {whom[line.level]}"
