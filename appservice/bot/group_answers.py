"""What the bot says of groups that teachers make."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from appservice.desks.group_results import Changed, Gone, GroupView, Kept, No, Unfit
from school.domain.decisions import Decision
from school.domain.groups import Group
from school.domain.people import Person, names_of
from school.domain.school_groups import NameFault
from school.texts import Texts

_NAMED: Final = 5
"""So many people are named, more are counted."""
_MOST_NAMED: Final = 100
_MOST_GROUPS: Final = 50


class GroupAnswers:
    """In one language, on one day."""

    def __init__(self, texts: Texts, *, today: date) -> None:
        self._texts = texts
        self._today = today

    def listed(self, groups: Sequence[GroupView], *, is_leadership: bool) -> str:
        """The groups that somebody may change."""
        if not groups:
            return self._texts.say("group.none")
        head = self._texts.say("group.list_all") if is_leadership else self._texts.say("group.list")
        lines = [
            self._texts.say(
                "group.line",
                group=seen.group.name,
                number=len(seen.members),
                day=self._day(seen.ends_on),
                owners=self._owners(seen),
            )
            for seen in groups[:_MOST_GROUPS]
        ]
        return "\n".join((head, *lines, self._texts.say("group.list_end")))

    def shown(self, seen: GroupView | No) -> str:
        """One group and everybody in it."""
        if not isinstance(seen, GroupView):
            return self._no(seen)
        names = names_of(seen.members[:_MOST_NAMED])
        more = len(seen.members) - len(names)
        told = ", ".join(names) + (f", {self._texts.say('members.more', number=more)}" if more else "")
        return self._texts.say(
            "group.shown",
            group=seen.group.name,
            day=self._day(seen.ends_on),
            owners=self._owners(seen),
            number=len(seen.members),
            names=told or "–",
        )

    def made(self, done: GroupView | Decision | NameFault) -> str:
        """A new group."""
        if not isinstance(done, GroupView):
            return self._fault(done) if isinstance(done, NameFault) else self._no(done)
        said = self._texts.say(
            "group.made", group=done.group.name, number=len(done.members), day=self._day(done.ends_on)
        )
        if len(done.members) > 1:
            return said
        return f"{said}\n{self._texts.say('group.how_to_add', group=done.group.name)}"

    def changed(self, done: Changed | No) -> str:
        """Who came and who went."""
        if not isinstance(done, Changed):
            return self._no(done)
        name, number = done.view.group.name, len(done.view.members)
        if done.added or done.removed:
            head = self._texts.say("group.changed", group=name, number=number)
        else:
            head = self._texts.say("group.unchanged", group=name, number=number)
        lines = [
            self._texts.say("group.added", who=_some(done.added)) if done.added else "",
            self._texts.say("group.there_already", who=_some(done.there_already)) if done.there_already else "",
            self._texts.say("group.removed", who=_some(done.removed)) if done.removed else "",
            self._texts.say("group.not_there", who=_some(done.not_there)) if done.not_there else "",
        ]
        return "\n".join((head, *filter(None, lines)))

    def owners_changed(self, done: Changed | No | Unfit) -> str:
        """Who owns a group now."""
        if isinstance(done, Unfit):
            return f"{_some(done.people)}: {self._no(done.decision)}"
        if not isinstance(done, Changed):
            return self._no(done)
        return self._texts.say("group.owners", group=done.view.group.name, owners=self._owners(done.view))

    def renamed(self, before: Group, done: GroupView | No | NameFault) -> str:
        """A group's new name."""
        if isinstance(done, GroupView):
            return self._texts.say("group.renamed", before=before.name, group=done.group.name)
        return self._fault(done) if isinstance(done, NameFault) else self._no(done)

    def kept(self, done: Kept | No) -> str:
        """Until when a group lives."""
        if not isinstance(done, Kept):
            return self._no(done)
        name, day = done.view.group.name, self._day(done.view.ends_on)
        if done.longer:
            return self._texts.say("group.kept", group=name, day=day)
        return self._texts.say("group.kept_anyway", group=name, day=day)

    def ended(self, done: GroupView | No) -> str:
        """A group that is no more."""
        if not isinstance(done, GroupView):
            return self._no(done)
        return self._texts.say("group.ended", group=done.group.name)

    def _no(self, no: No) -> str:
        if isinstance(no, Gone) or no.reason is None:
            return self._texts.say("group.gone")
        return self._texts.refusal(no.reason)

    def _fault(self, fault: NameFault) -> str:
        match fault:
            case NameFault.MISSING:
                return self._texts.say("group.not_understood")
            case NameFault.TOO_LONG:
                return self._texts.say("group.name_too_long")
            case NameFault.UNREADABLE:
                return self._texts.say("group.name_unreadable")
            case NameFault.TAKEN:
                return self._texts.say("group.name_taken")

    def _owners(self, seen: GroupView) -> str:
        return ", ".join(names_of(seen.owners)) or self._texts.say("group.leadership")

    def _day(self, day: date) -> str:
        return self._texts.day(day, today=self._today)


def _some(people: Iterable[Person]) -> str:
    names = names_of(people)
    return ", ".join(names) if len(names) <= _NAMED else str(len(names))
