"""The sentences of the pages of appointments in English."""

from typing import Final

SENTENCES: Final = {
    "appointments.way": "Appointments",
    "appointments.title": "Appointments",
    "appointments.none": "There is nothing coming up.",
    "appointments.new": "New appointment",
    "appointments.change": "Change the appointment",
    "appointments.is_off": "Called off",
    "appointments.back": "All appointments",
    # One appointment.
    "appointments.when": "When",
    "appointments.more": "and {count} times more",
    "appointments.place": "Where",
    "appointments.for": "For",
    "appointments.change_it": "Change",
    "appointments.left_out": "Left out",
    "appointments.one_time": "A single time",
    "appointments.leave_out": "Call off this time only",
    "appointments.call_off": "Call the appointment off",
    "appointments.call_off_what": "The room and the calendars then say that it is off.",
    # Answers.
    "appointments.asked": "Will you come?",
    "appointments.your_answer": "Your answer: {answer}. You can change it until the appointment begins.",
    "appointments.answer.yes": "Yes",
    "appointments.answer.maybe": "Maybe",
    "appointments.answer.no": "No",
    "appointments.answers": "Answers",
    "appointments.answers_of": "{answer}: {count} so far",
    "appointments.no_answer": "No answer yet: {count}",
    # The form.
    "appointments.form.title": "What",
    "appointments.form.groups": "For which groups",
    "appointments.form.other_groups": "Other groups",
    "appointments.form.whole_day": "All day",
    "appointments.form.first_day": "Day",
    "appointments.form.start": "From",
    "appointments.form.end": "To",
    "appointments.form.last_day": "Last day, if it takes several days",
    "appointments.form.weeks": "Repeat",
    "appointments.form.weeks.0": "Never",
    "appointments.form.weeks.1": "Every week",
    "appointments.form.weeks.2": "Every 2 weeks",
    "appointments.form.weeks.3": "Every 3 weeks",
    "appointments.form.weeks.4": "Every 4 weeks",
    "appointments.form.until": "For the last time on, if it is repeated",
    "appointments.form.asks": "Ask for an answer: yes, no or maybe",
    "appointments.form.make": "Make the appointment",
    "appointments.form.save": "Save",
    # What may be wrong.
    "appointments.wrong.no_title": "Please write in at most 120 characters what it is, and where.",
    "appointments.wrong.no_groups": "Please choose at least one group.",
    "appointments.wrong.not_allowed": "You cannot make appointments for one of these groups. Please leave it out.",
    "appointments.wrong.changed": "Somebody has changed this appointment meanwhile. Please open it again.",
    "appointments.wrong.no_day": "Please choose a day.",
    "appointments.wrong.no_time": "Please write a time, or choose all day.",
    "appointments.wrong.ends_before": "The appointment ends before it begins. Please look at the times.",
    "appointments.wrong.too_long": "An appointment takes at most 31 days.",
    "appointments.wrong.overlaps": "The appointment would come again before it is over.",
    "appointments.wrong.no_last_day": "On which day is it for the last time? Please choose a day after the first.",
    "appointments.wrong.series_too_long": "An appointment is repeated for a year at most.",
    "appointments.wrong.in_the_past": "That is over already. Please choose a time to come.",
    "appointments.wrong.too_far": "That is too far ahead: three years at most.",
    # One's own calendar.
    "appointments.calendar": "In your calendar",
    "appointments.calendar_what": (
        "With an address that only you know, your calendar program shows appointments, conferences and what is "
        "due, too. No names of children stand in it."
    ),
    "appointments.calendar_make": "Make an address",
    "appointments.calendar_again": "Make a new address",
    "appointments.calendar_address": (
        "This is the address of your calendar. It stands here only now. Do not give it to anybody:"
    ),
    "appointments.calendar_there": "Your calendar has an address. A new one ends the old one.",
    "appointments.calendar_remove": "Take the address back",
    # What was done.
    "appointments.done.made": "The appointment is made. In a moment it stands in the room, too.",
    "appointments.done.changed": "The appointment is changed. In a moment the room says so, too.",
    "appointments.done.off": "The appointment is off. In a moment the room says so, too.",
    "appointments.done.left_out": "This one time is off. In a moment the room says so, too.",
    "appointments.done.answered": "Thank you, your answer has arrived.",
    "appointments.done.calendar_off": "The address of your calendar does not work any more.",
}
