"""The sentences of the widget in English."""

from typing import Final

SENTENCES: Final = {
    "widget.title": "Video conference",
    # What the script says by itself.
    "widget.asking": "One moment. Does Element ask whether this page may know who you are? Please say yes.",
    "widget.outside": "This page belongs into Element's window. Open the room there.",
    "widget.no_answer": "Element does not answer. Please load it again.",
    "widget.refused": "This page may not know who you are. Without that there is no way on here.",
    "widget.not_known": "The school does not know this account. Sign in to Element with your school account.",
    "widget.no_cookies": (
        "Your browser keeps nothing here. Take the link to the conference that stands in the room, or allow cookies "
        "for this page."
    ),
    "widget.offline": "There is no connection just now. I will try again in a moment.",
    "widget.again": "Try again",
    "widget.opens": "The conference opens in a new tab. Nothing happens?",
    "widget.here": "This is the way in",
    # What goes on.
    "widget.who": "You are here as {name}.",
    "widget.stranger": "You are not in this room. You see conferences in your own rooms.",
    "widget.not_offered": "There are no video conferences here yet.",
    "widget.none": "There is no conference here just now.",
    "widget.sight.planned": "Planned: {when}",
    "widget.sight.planned_weekly": "Every week, next: {when}",
    "widget.sight.wait": "It begins as soon as somebody is there who leads it. Just stay here.",
    "widget.sight.open": "It is on.",
    "widget.sight.down": "The conference server does not answer just now. It will go on in a moment.",
    "widget.calendar": "Add to my calendar",
    "widget.do.start": "Start a conference",
    "widget.do.join": "Join",
    "widget.do.begin": "Begin now",
    "widget.do.end": "End",
    "widget.do.call_off": "Call off",
    "widget.sure.end": "End it for everybody?",
    "widget.sure.call_off": "Really call it off?",
    # What became of a press.
    "widget.over": "This conference is over.",
    "widget.rests": "🌙 Teachers rest just now: {number}. Nothing rings at theirs.",
    "widget.trouble.not_offered": "There are no video conferences here yet.",
    "widget.trouble.down": "The conference server does not answer just now. Please try again in a few minutes.",
}
