"""The sentences of the page on which teachers reset passwords, in English."""

from typing import Final

SENTENCES: Final = {
    "start.reset": "Help somebody to get in again",
    "reset.title": "Reset a password",
    "reset.what": (
        "For pupils and guardians who cannot sign in any more. You get something new for them to sign in with, as a "
        "letter if you like. What was good before is over then."
    ),
    "reset.name": "Who cannot get in?",
    "reset.name_hint": "Given name and family name, for example Anna Koch",
    "reset.search": "Search",
    "reset.which": "Please write a name.",
    "reset.nobody": "I do not find {name} among those whose password you may reset.",
    "reset.near": "I do not find {name}. Did you mean this?",
    "reset.who": "Whom do you mean?",
    "reset.choose": "Choose",
    "reset.choose_whom": "Choose: {name}, user name {user}",
    "reset.more": "There are more. Please write the given name, too.",
    "reset.other_name": "Another name",
    "reset.sure": "Reset the password of {name}?",
    "reset.sure_what": (
        "All devices of this account are signed out, and the old password is over. Whose account it is will hear that "
        "it was you. You do it because somebody whom you know has asked you to."
    ),
    "reset.do": "Yes, reset it",
    "reset.unchanged": "Nothing is changed.",
    "reset.again_at": "From {when} on you can again.",
    "reset.elsewhere": "The password of {name} belongs to the school account and is reset there.",
    "reset.failed": (
        "The school's directory server has not taken it. The old password still works. Please try later, or ask "
        "whoever looks after the school accounts."
    ),
    "reset.done_title": "The password is reset",
    "reset.done": "The password of {name} is reset, all devices are signed out.",
    "reset.code": "New code",
    "reset.password": "New password",
    "reset.good_until": "Good until",
    "reset.once": "This stands here only this once. Write it down or take the letter, and give it to {name} only.",
    "reset.was_shown": "What to sign in with has been here already. Now there is still the letter.",
    "reset.letter": "As a letter",
    "reset.letter_what": (
        "One page to print, with all that is needed to sign in. It is here until {until} and gone after that. Delete "
        "the file when it is printed."
    ),
    "reset.letter_language": "Second language of the letter",
    "reset.as_usual": "as this school has it",
    "reset.get_letter": "Download the letter (PDF)",
    "reset.cannot_print": "The letter cannot be printed on this server. Whoever runs it finds the reason in the log.",
    "reset.another": "Help somebody else",
    "reset.gone_title": "This is not here any more",
    "reset.gone": (
        "What somebody gets to sign in with is here for a few minutes only, and only for the teacher who made it. Is "
        "it lost? Then please reset the password once more."
    ),
}
