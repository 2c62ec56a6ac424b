"""What the bot says of appointments, in English."""

from typing import Final

SENTENCES: Final = {
    "calendar.name": "School calendar",
    "calendar.due": "Due at {time}: {task}",
    "calendar.task": "Task",
    "calendar.unnamed": "Appointment",
    "appointment.room": "📅 {title}\n{when}\nMore: {link}",
    "appointment.room_asks": "📅 {title}\n{when}\nPlease answer: {link}",
    "appointment.room_off": "📅 Called off: {title}\n{when}",
    "appointment.room_not_yours": "📅 Called off: {title}",
    "appointment.left_out": "Not on {when}",
    "appointment.series": "every week until {until}",
    "appointment.series_weeks": "every {weeks} weeks until {until}",
}
