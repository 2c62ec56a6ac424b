"""What the bot says about video conferences, in English."""

from typing import Final

SENTENCES: Final = {
    "refused.not_in_conference": "This conference is for others. Who should be there is in the room or in the group.",
    "conference.guest_mark": "guest",
    "conference.untitled": "Conference",
    "conference.widget": "Video conference",
    "conference.begins": "📹 Conference “{title}”: {link}",
    "conference.planned": "📅 Conference “{title}”, {when}: {link}",
    "conference.planned_weekly": "📅 Conference “{title}”, every week, next on {when}: {link}",
    "conference.soon": "⏰ Soon, {when}: conference “{title}”: {link}",
    "conference.over": "The conference “{title}” has ended.",
    "conference.over_until": "The conference “{title}” has ended for today. Next time {when}: {link}",
    "conference.rests": "🌙 Teachers who rest at that time: {number}. Nothing rings on their devices.",
    "conference.no_cameras": "Only moderators have cameras.",
    "conference.no_microphones": "Only moderators have microphones.",
    "conference.everybody_waits": "Everybody comes into the lobby first; a moderator lets them in.",
    "conference.not_offered": (
        "There are no video conferences here yet. Who runs the server can enter BigBlueButton in school.yaml."
    ),
    "conference.down": "The server for conferences does not answer just now. Please try again in some minutes.",
    "conference.which": (
        "For whom? It goes like this: !conference Maths with 8.1, 8.2. In a room this is enough: !conference Maths"
    ),
    "conference.groups_elsewhere": (
        "Here a conference is for everybody in this room. For groups, write it in our conversation or in the room of a "
        "group."
    ),
    "conference.none_here": "There is no conference here now, and none is planned.",
    "conference.none_of_yours": "No conference of yours is known now.",
    "conference.no_time": "At what time? For example: !conference Maths on Friday at 14:00",
    "conference.time_not_understood": "I do not understand this time. For example: at 14:00",
    "conference.past": "That is over already. Please write a time that is still to come.",
    "conference.guest_name": "What is the guest called? For example: !conference guest Petra Lehmann",
    "conference.guest_link": (
        "This link is only for {name}, for the conference “{title}”, until {until}. It leads into the lobby: {link}\n"
        "Take it back: !conference guest remove {name}"
    ),
    "conference.guest_gone": "The link for {name} does not work any more.",
    "conference.no_such_guest": "I find no guest “{name}”.",
    "conference.told_alone": "I write that to you in our conversation.",
    "conference.ask_alone": "That is only for you: please write the same in a conversation with me.",
    "conference.list": "In the conference “{title}” were:",
    "conference.was_there": "• {name}: {came} to {left}",
    "conference.nobody_there": "It is not known who was in the conference “{title}”.",
    "conference.slides_how": (
        "Reply with it in the room to the message with the PDF file: !conference slides. It then belongs to the "
        "planned conference."
    ),
    "conference.slides_for_planned": "Slides are for planned conferences, and none is planned here.",
    "conference.slides_attached": "The conference “{title}” begins with {name}.",
    "conference.way_in": "“{title}”: {link} – good for a minute and once, for you alone.",
    "conference.wait": "“{title}”: nobody is there yet who leads it. Please ask again in a moment.",
    "conference.nothing_goes_on": "There is no conference now that you can come into.",
    "conference.nothing_planned": "No conference is planned for you.",
    "conference.calendar": (
        "Your calendar of planned conferences: {link}\nThe link is for you alone. A new one ends the old one; "
        "take it back: !conference calendar off"
    ),
    "conference.calendar_ended": "The link to your calendar does not work any more.",
    "conference.calendar_none": "You have no link to a calendar.",
    "help.conference": "start, plan or end a video conference",
    "help.conference.more": (
        "!conference Maths – starts one in the room in which you write it\n"
        "!conference Maths with 8.1, 8.2 – written here: for groups\n"
        "!conference Maths on Friday at 14:00 – plans one; also: tomorrow at 8:00, every Friday at 14:00\n"
        "… without cameras, without microphones, with lobby – written behind it: for all who are no moderators\n"
        "!conference end – ends it for everybody, or calls off the planned one\n"
        "!conference guest Petra Lehmann – a link for somebody from outside; guest remove Petra Lehmann takes it back\n"
        "!conference join – a link for you alone, good for a minute\n"
        "!conference list – who was there\n"
        "!conference slides – as a reply to a PDF file: the planned conference of the room begins with it\n"
        "!conference planned – what is planned for you; calendar – a link to it for your calendar"
    ),
}
