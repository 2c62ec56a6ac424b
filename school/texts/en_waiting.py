"""What the bot says of what waits, what must not wait and who will be absent, in English."""

from typing import Final

SENTENCES: Final = {
    "waiting.teachers_only": (
        "Nothing waits for you: you always get your messages at once. What waits from you is shown by !outbox."
    ),
    "waiting.none": "No message waits for you.",
    "waiting.one": "🌙 1 message waits for you:",
    "waiting.many": "🌙 {number} messages wait for you:",
    "waiting.from": "• {number} from {name}, since {since}",
    "waiting.more": "… and from {number} more people",
    "waiting.next": "The next one comes {when}.",
    "waiting.next.soon": "The next one comes in a moment.",
    "waiting.next.after_rest": "They come after your rest time.",
    "outbox.none": "No message of yours is waiting.",
    "outbox.listed": "🌙 This is waiting:\n{lines}\nTo take it back: !withdraw {number}, also several numbers at once.",
    "outbox.line": "{number}. to {to}, written {written}, delivery {due}: {words}",
    "outbox.older": "(… before that {number} older ones)",
    "outbox.due.soon": "in a moment",
    "outbox.due.after_rest": "after the rest time",
    "outbox.more_people": "{names} and {number} more",
    "outbox.nobody": "a room in which nobody is any more",
    "outbox.words": "“{words}”",
    "outbox.change": "change to {words}",
    "outbox.closed": "(cannot be opened just now)",
    "withdraw.how": "It works like this: !withdraw 2, also several: !withdraw 1 3. !outbox shows the numbers.",
    "withdraw.not_shown": "I have not shown you what {numbers} is; nothing is changed. Please write !outbox first.",
    "withdraw.done": "Taken back: {numbers}. Nobody will read it.",
    "withdraw.delivered": "Delivered already: {numbers}. You can delete it in the room.",
    "withdraw.gone": "Not waiting any more: {numbers}.",
    "urgent.leadership_only": (
        "Urgent messages are sent by the leadership. In an emergency please call the school, or dial 112."
    ),
    "urgent.not_here": "Urgent messages are switched off at this school. Please call.",
    "urgent.how": "It works like this: !urgent Ms Lange (burst pipe): Please come at 10 tomorrow.",
    "urgent.reason_missing": (
        "Please add a reason in brackets, it stands in the message then: "
        "!urgent Ms Lange (burst pipe): Please come at 10 tomorrow. Nothing is sent."
    ),
    "urgent.too_long": "Nothing is sent: the reason has {reason} characters at most and the message {text}.",
    "urgent.several": (
        "This can mean several people: {names}. Nothing is sent; please write the whole name or the one in brackets."
    ),
    "urgent.near": "I cannot find {name}, so nothing is sent. Do you mean {near}? Please write it again like that.",
    "urgent.unknown": (
        "I cannot find {name} among those who have rest time, so nothing is sent. To others you can just write."
    ),
    "urgent.to_oneself": "There is no need to send yourself something urgent.",
    "urgent.too_many": "Nothing is sent: {number} urgent messages in 24 hours at most. Please call.",
    "urgent.refused": "I could not send this to {name}. {why}",
    "urgent.uncertain": (
        "It is not certain that this has reached {name}. Please look into your room with them before you send it again."
    ),
    "urgent.sent": "❗ Sent to {name}, it rings in the rest time, too. {left} more can be sent in the next 24 hours.",
    "urgent.message": "❗ Urgent ({reason}): {text}",
    "sick.how": (
        "It works like this: !sick Anna tomorrow, also: 24 Nov, until Friday, 24 to 25 Nov. Write only the child and "
        "the day; I do not need the reason. Nothing is reported yet."
    ),
    "sick.which": "Who is meant: {names}? Please write the name before the day. Nothing is reported yet.",
    "sick.backward": "The end is before the beginning. Please look at the days once more, nothing is reported.",
    "sick.over": "These days are over already, nothing is reported. Please call the school office.",
    "sick.too_far": "Do you mean {days}? Nothing is reported; {most} days ahead at most.",
    "sick.too_many": "That were many reports today, this one did not go out. Please call the school office.",
    "sick.no_child": "No child is entered for you. Please call the school office, they can help.",
    "sick.not_for_staff": "This is for guardians and pupils. For yourself: !away tomorrow",
    "sick.call": "The bot cannot take this here just now. Please call the school office. Get well soon!",
    "sick.done": "✅ Reported: {name} is absent {days}. The school office reads it, you need to do nothing more.",
    "sick.to_office": "Absent {days}: {name}. Reported by {by}.",
    "sick.to_office.oneself": "Absent {days}: {name}. Reported by themselves.",
}
