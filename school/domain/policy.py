"""The policy: who may do what with whom.

The rule of rules:
1. Teachers reach everybody. Everybody reaches teachers. Otherwise two people may write to each other only if they
   are in one group. Each of the three is a right (school.domain.rights) and can be given or taken.
2. A room that somebody made never becomes a bridge: everybody in it must be allowed to write to everybody else who is
   not a teacher. Only who may write to everyone (a host: by default every teacher) can bring anybody together, in a
   host's room; it needs a host in it to stay alive.
3. A group's room is for the people of the group and for those who may write to all groups, and for nobody else.
4. A direct room is for two people for life, and each message in it is decided anew.
5. Who is not in the directory may do nothing.

Every function returns a `Decision`; none raises. The school's own hand (the bot) and admins are not asked here.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import permutations
from typing import Any, Final

from school.domain.decisions import NO_RULE, Decision, Reason, allow, refuse
from school.domain.directory import Directory
from school.domain.files import FileRules
from school.domain.groups import Group, GroupId, GroupKind
from school.domain.people import TEACHER, Person, Role, UserId
from school.domain.rights import Right, Rights
from school.domain.rooms import (
    CALL_ANSWERS,
    CALLS,
    CONFERENCE_STATE,
    ENCRYPTED,
    ENCRYPTION,
    MESSAGES,
    OF_GROUPS,
    REMARKS,
    ROOMS_OF_GROUPS,
    STATE_BY_PEOPLE,
    WIDGET_PLACES,
    Room,
    RoomKind,
)

_EVERYONE, _TEACHERS, _OWN_GROUPS = (
    right.place for right in (Right.MESSAGE_EVERYONE, Right.MESSAGE_TEACHERS, Right.MESSAGE_OWN_GROUPS)
)
_ASKS_FOR_CONFERENCES: Final = CALLS | CALL_ANSWERS | CONFERENCE_STATE | WIDGET_PLACES
_OPEN_TO_ALL: Final = MESSAGES | REMARKS
_GROUPS_TO_ASK_IN: Final = (
    GroupKind.CLASS,
    GroupKind.GUARDIANS,
    GroupKind.CLUB,
    GroupKind.SUBJECT,
    GroupKind.COMMITTEE,
    GroupKind.YEAR,
    GroupKind.STAFF,
)
_REMEMBERED: Final = 10_000
_SO_THAT_A_KIND_MEETS_ITSELF: Final = 2

# The answers that most messages get.
_IN_A_DIRECT_ROOM: Final = allow("rooms:direct")
_AS_A_MEMBER: Final = allow("directory:membership")
_TO_THE_BOT: Final = allow("rooms:control")
_IN_A_SPACE: Final = refuse(Reason.READ_ONLY, "rooms:space")


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomRequest:
    """A room that somebody asks for: what of a createRoom request the policy decides on."""

    kind: RoomKind
    invitees: tuple[UserId, ...] = ()
    is_plain_pair: bool = False
    """One invitee and no name, topic or picture: it may mean a direct room, though the client does not say so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rights of one school over one state of its directory."""

    directory: Directory
    rights: Rights
    bot: UserId
    files: FileRules = field(default_factory=FileRules)
    encryption: frozenset[Role] = frozenset()
    """The roles among which rooms may be encrypted."""

    _remembered: dict[object, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Answers about all members of a chat, by its members: asked for every message, changed only with them."""

    # Writing to each other

    def may_message(self, sender: UserId, recipient: UserId) -> Decision:
        """Whether `sender` may write to `recipient` in a direct room."""
        if self.bot in (sender, recipient):
            return allow("bot:reaches_everybody")
        person = self.directory.person(sender)
        if person is None:
            return refuse(Reason.UNKNOWN_PERSON, "directory:sender")
        other = self.directory.person(recipient)
        if other is None:
            return refuse(Reason.UNKNOWN_RECIPIENT, "directory:recipient")
        return self._may_reach(person, other)

    def _may_reach(self, person: Person, other: Person) -> Decision:
        rulings = self.rights.rulings(person)
        everyone = rulings[_EVERYONE]
        if everyone is not None and everyone.allow:
            return allow(everyone.id)
        rule_of_refusal = NO_RULE
        if other.role == TEACHER:
            teachers = rulings[_TEACHERS]
            if teachers is not None:
                if teachers.allow:
                    return allow(teachers.id)
                rule_of_refusal = teachers.id
        if person.shares_group_with(other):
            own_groups = rulings[_OWN_GROUPS]
            if own_groups is not None:
                if own_groups.allow:
                    return allow(own_groups.id)
                rule_of_refusal = own_groups.id
        return refuse(Reason.NO_COMMON_GROUP, rule_of_refusal)

    def may_see(self, searcher: UserId, found: UserId) -> Decision:
        """Whether `searcher` finds `found` in the user directory: whom they may write to; teachers find everybody."""
        decision = self.may_message(searcher, found)
        if decision.reason is Reason.NO_COMMON_GROUP:
            person = self.directory.person(searcher)
            if person is not None and person.role == TEACHER:
                return allow("directory:teachers_see_everybody")
        return decision

    def where_to_ask(self, user_id: UserId) -> Group | None:
        """The group in whose room somebody can write instead: the way out that a refusal names."""
        person = self.directory.person(user_id)
        groups = [group for own in (person.groups if person else ()) if (group := self.directory.group(own))]
        return min(groups, key=lambda group: (_GROUPS_TO_ASK_IN.index(group.kind), group.name), default=None)

    # Making rooms

    def as_meant(self, creator: UserId, request: RoomRequest) -> RoomRequest:
        """The request as it is meant: a plain pair, asked for by somebody who may not make chat rooms, can only be a
        direct room (scripts and simple clients do not say `is_direct`)."""
        person = self.directory.person(creator)
        if request.is_plain_pair and person is not None and not self.rights.holds(person, Right.CREATE_ROOMS):
            return replace(request, kind=RoomKind.DIRECT)
        return request

    def may_create_room(self, creator: UserId, request: RoomRequest) -> Decision:
        """Whether `creator` may make the room that is asked for, with everybody who is to be invited."""
        person = self.directory.person(creator)
        if person is None:
            return refuse(Reason.UNKNOWN_PERSON, "directory:sender")
        if creator in request.invitees and request.kind is not RoomKind.DIRECT:
            # Synapse would refuse this invitation when the room exists already.
            return refuse(Reason.MALFORMED, "rooms:invites_oneself")
        if request.kind in OF_GROUPS:
            return refuse(Reason.NO_SPACES, "rooms:groups_come_from_the_school")
        if request.kind is RoomKind.CONTROL:
            return allow("rooms:control")
        if request.kind is RoomKind.DIRECT:
            if len(request.invitees) != 1 or creator in request.invitees:
                return refuse(Reason.DIRECT_ROOM_IS_FOR_TWO, "rooms:direct")
            return self.may_message(creator, request.invitees[0])
        ruling = self.rights.ruling(person, Right.CREATE_ROOMS)
        if ruling is None or not ruling.allow:
            return refuse(Reason.NO_ROOMS, NO_RULE if ruling is None else ruling.id)
        for invitee in request.invitees:
            if invitee != self.bot and self.directory.person(invitee) is None:
                return refuse(Reason.UNKNOWN_RECIPIENT, "directory:recipient")
        return self._may_be_together({creator, *request.invitees}, weakest=person, asking=person, rule=ruling.id)

    def may_encrypt(self, people: Collection[UserId]) -> Decision:
        """Whether a room of these people may be encrypted: only if it is offered to the roles of all of them."""
        members = [self.directory.person(user_id) for user_id in people]
        if self.encryption and all(person is not None and person.role in self.encryption for person in members):
            return allow("encryption.roles")
        return refuse(Reason.NOT_ENCRYPTED, "encryption.roles")

    def _may_be_together(self, people: Collection[UserId], *, weakest: Person, asking: Person, rule: str) -> Decision:
        """Whether these people may be in one room, by `rule`. Anybody may, if `weakest` (its maker, or who brings
        somebody in) may write to everybody. `asking` is who reads the reason."""
        if self.rights.holds(weakest, Right.MESSAGE_EVERYONE):
            return allow(rule)
        strangers = self._strangers(people, asking)
        if strangers is None:
            return allow(rule)
        person, refusal = strangers
        return refuse(Reason.NO_COMMON_GROUP if person == asking else Reason.WOULD_BRIDGE_GROUPS, refusal.rule)

    def _strangers(self, people: Collection[UserId], asking: Person) -> tuple[Person, Decision] | None:
        """The first of these people who is no teacher and may not write to another of them, and why. Who has left
        the school reads nothing any more and does not count."""
        known = [person for user_id in sorted(people) if (person := self.directory.person(user_id))]
        known.sort(key=lambda person: person != asking)  # what concerns the asking person is the clearest reason
        for person, other in self._pairs(known):
            decision = self._may_reach(person, other)
            if not decision:
                return person, decision
        return None

    def _pairs(self, people: Iterable[Person]) -> Iterable[tuple[Person, Person]]:
        """Every ordered pair whose first is no teacher. People for whom all rules say the same stand for each other,
        two of them for many: the guardians of a class are one kind, and a year is not 90,000 pairs."""
        kinds: dict[object, list[Person]] = {}
        for person in people:
            alike = kinds.setdefault(self.rights.likeness(person), [])
            if len(alike) < _SO_THAT_A_KIND_MEETS_ITSELF:
                alike.append(person)
        chosen = [person for alike in kinds.values() for person in alike]
        return ((person, other) for person, other in permutations(chosen, 2) if person.role != TEACHER)

    def may_gather(self, asking: UserId, people: Collection[UserId]) -> Decision:
        """Whether `asking` may make these people a group, who may write to each other from then on."""
        person = self.directory.person(asking)
        if person is None:
            return refuse(Reason.UNKNOWN_PERSON, "directory:sender")
        return self._may_be_together({asking, *people}, weakest=person, asking=person, rule="groups:no_bridge")

    # Coming in, being removed, leaving

    def may_invite(self, inviter: UserId, invitee: UserId, room: Room) -> Decision:
        """Whether `inviter` may bring `invitee` into an existing room."""
        person = self.directory.person(inviter)
        if person is None:
            return refuse(Reason.UNKNOWN_PERSON, "directory:sender")
        if invitee != self.bot and self.directory.person(invitee) is None:
            return refuse(Reason.UNKNOWN_RECIPIENT, "directory:recipient")
        if room.kind in {RoomKind.DIRECT, RoomKind.CONTROL}:
            return refuse(Reason.DIRECT_ROOM_IS_FOR_TWO, "rooms:direct")
        if room.kind in OF_GROUPS:
            return self.may_enter_group(invitee, room)
        if room.encrypted and not (decision := self.may_encrypt({invitee})):
            return decision
        return self._may_come_into_chat(room, {inviter, invitee}, person)

    def _may_come_into_chat(self, room: Room, newcomers: set[UserId], inviter: Person) -> Decision:
        maker = self.directory.person(room.creator)
        if maker is None:
            return refuse(Reason.NO_TEACHER_LEFT, "rooms:maker_has_left")
        hosts_room = self.rights.holds(maker, Right.MESSAGE_EVERYONE)
        if hosts_room and self.rights.holds(inviter, Right.MESSAGE_EVERYONE):
            return allow("rooms:teachers_room")
        weakest = inviter if hosts_room else maker
        together = room.members | newcomers
        return self._may_be_together(together, weakest=weakest, asking=inviter, rule="rooms:no_bridge")

    def may_join(self, user_id: UserId, room: Room, *, invited_by: UserId | None = None) -> Decision:
        """Whether somebody may come in; `invited_by` is who sent the standing invitation, if there is one."""
        if self.directory.person(user_id) is None:
            return refuse(Reason.UNKNOWN_PERSON, "directory:sender")
        if room.kind in OF_GROUPS:
            return self.may_enter_group(user_id, room)
        if user_id == room.creator:
            return allow("rooms:maker")
        if invited_by is None:
            return refuse(Reason.NOT_INVITED, "rooms:by_invitation")
        if room.kind in {RoomKind.DIRECT, RoomKind.CONTROL} or invited_by == self.bot:
            return allow("rooms:invited")
        if self.directory.person(invited_by) is None:
            return refuse(Reason.NOT_INVITED, "directory:sender")
        return self.may_invite(invited_by, user_id, room)

    def may_enter_group(self, user_id: UserId, room: Room) -> Decision:
        """Whether somebody may be in a group's room or space: who is in the group, or may write to all groups."""
        if user_id == self.bot:
            return allow("bot:reaches_everybody")
        person = self.directory.person(user_id)
        if person is None:
            return refuse(Reason.UNKNOWN_PERSON, "directory:sender")
        return self._may_be_in_group(person, room)

    def _may_be_in_group(self, person: Person, room: Room) -> Decision:
        if room.stamp.group in person.groups:
            return _AS_A_MEMBER
        ruling = self.rights.ruling(person, Right.WRITE_TO_GROUPS)
        if ruling is not None and ruling.allow:
            return allow(ruling.id)
        return refuse(Reason.NOT_IN_GROUP, NO_RULE if ruling is None else ruling.id)

    def may_leave(self, user_id: UserId, room: Room) -> Decision:
        """Whether somebody may go. Membership of a group's room follows the directory; others are free to leave."""
        person = self.directory.person(user_id)
        if person is not None and room.stamp.group is not None and room.stamp.group in person.groups:
            return refuse(Reason.GROUP_IS_KEPT, "directory:membership")
        return allow("rooms:free_to_leave")

    def may_remove(self, remover: UserId, room: Room) -> Decision:
        """Whether somebody may kick or ban somebody else (Synapse asks the power levels besides)."""
        if self.directory.person(remover) is None:
            return refuse(Reason.UNKNOWN_PERSON, "directory:sender")
        if room.kind is RoomKind.CHAT:
            return allow("rooms:chat")
        reason = Reason.GROUP_IS_KEPT if room.stamp.group is not None else Reason.DIRECT_ROOM_IS_FOR_TWO
        return refuse(reason, "rooms:membership_is_fixed")

    def may_let_only_teachers_write(self, user_id: UserId, group: GroupId | None = None) -> Decision:
        """Whether somebody may say that only teachers write in a group's room, or in a chat that they made: the
        teachers of the group, and in chats whoever may write to everyone."""
        person = self.directory.person(user_id)
        if person is None:
            return refuse(Reason.UNKNOWN_PERSON, "directory:sender")
        if group is not None:
            leads = person.role == TEACHER and group in person.groups
            return allow("rooms:teachers_lead") if leads else refuse(Reason.NOT_A_MODERATOR, "rooms:teachers_lead")
        ruling = self.rights.ruling(person, Right.MESSAGE_EVERYONE)
        if ruling is not None and ruling.allow:
            return allow(ruling.id)
        return refuse(Reason.NOT_A_MODERATOR, NO_RULE if ruling is None else ruling.id)

    # Saying something

    def may_send(self, sender: UserId, room: Room, event_type: str, *, is_state: bool = False) -> Decision:
        """Whether somebody may send an event of a type that is no membership into a room, asked at every send."""
        if event_type == "m.room.redaction" and not is_state:
            # One's own words can always be taken back, also when Synapse does it for somebody who was removed.
            return allow("rooms:own_redactions")
        person = self.directory.person(sender)
        if person is None:
            return refuse(Reason.UNKNOWN_PERSON, "directory:sender")
        if (is_state or event_type not in _OPEN_TO_ALL) and not (
            decision := self._may_send_type(person, room, event_type, is_state=is_state)
        ):
            return decision
        if room.stamp.kind is RoomKind.ANNOUNCEMENTS and event_type not in REMARKS and person.role != TEACHER:
            return refuse(Reason.READ_ONLY, "rooms:announcements")
        return self._may_write(person, room)

    def may_send_urgently(self, sender: UserId, room: Room) -> Decision:
        """Whether somebody's message may pass a rest, besides that they may write here at all. Asked for what the
        school has signed as urgent, so nobody comes to it by themselves."""
        person = self.directory.person(sender)
        if person is None:
            return refuse(Reason.UNKNOWN_PERSON, "directory:sender")
        if person.leadership and room.kind is RoomKind.DIRECT:
            return allow("rooms:urgent")
        return refuse(Reason.NOT_OFFERED, "rooms:urgent")

    def may_delete(self, sender: UserId, author: UserId | None, room: Room) -> Decision:
        """Whether somebody may delete what `author` wrote (None: nobody knows who). Synapse asks the power levels
        besides; they do not bind who made a room."""
        if author == sender:
            return allow("rooms:own_redactions")
        person = self.directory.person(sender)
        if person is None:
            return refuse(Reason.UNKNOWN_PERSON, "directory:sender")
        if room.kind in ROOMS_OF_GROUPS:
            return allow("rooms:power_levels")
        if room.kind is RoomKind.CHAT and self.rights.holds(person, Right.MESSAGE_EVERYONE):
            return allow("rooms:teachers_moderate")
        return refuse(Reason.OTHERS_WORDS, "rooms:others_words")

    def may_upload(self, user_id: UserId, size: int) -> Decision:
        """Whether somebody may put a file of `size` bytes on the server."""
        person = self.directory.person(user_id)
        if person is None:
            return refuse(Reason.UNKNOWN_PERSON, "directory:sender")
        return self.files.may_upload(person.role, size)

    def may_attach(self, sender: UserId, event_type: str, content: Mapping[str, Any]) -> Decision:
        """Whether the files of a message are of types that its sender may send."""
        person = self.directory.person(sender)
        if person is None:
            return refuse(Reason.UNKNOWN_PERSON, "directory:sender")
        return self.files.may_attach(person.role, event_type, content)

    def _may_send_type(self, person: Person, room: Room, event_type: str, *, is_state: bool) -> Decision:
        """What is more than a message or a remark."""
        if event_type == (ENCRYPTION if is_state else ENCRYPTED):
            return self._may_send_encrypted(room, is_state=is_state)
        if event_type in _ASKS_FOR_CONFERENCES and not (decision := self._may_call(person, room, event_type)):
            return decision
        if is_state:
            if event_type in STATE_BY_PEOPLE[room.kind]:
                return allow("rooms:state")
            return refuse(Reason.RULES_ARE_FIXED, "rooms:state")
        if event_type in CALLS or event_type in CALL_ANSWERS:
            return allow("rooms:types")
        return refuse(Reason.NOT_OFFERED, "rooms:types")

    def _may_send_encrypted(self, room: Room, *, is_state: bool) -> Decision:
        """Making a room encrypted, and writing in one that is."""
        if room.kind not in {RoomKind.DIRECT, RoomKind.CHAT} or not (is_state or room.encrypted):
            return refuse(Reason.NOT_ENCRYPTED, "rooms:types")
        return self.may_encrypt(room.members)

    def _may_call(self, person: Person, room: Room, event_type: str) -> Decision:
        ruling = self.rights.ruling(person, Right.START_CONFERENCES)
        if ruling is not None and ruling.allow:
            return allow(ruling.id)
        if event_type in CALL_ANSWERS and self.rights.holds(person, Right.JOIN_CONFERENCES):
            others = (self.directory.person(user_id) for user_id in room.others(person.user_id))
            if any(other and self.rights.holds(other, Right.START_CONFERENCES) for other in others):
                return allow("rooms:answers_a_call")
        return refuse(Reason.NO_CONFERENCES, NO_RULE if ruling is None else ruling.id)

    def _may_write(self, person: Person, room: Room) -> Decision:
        kind = room.stamp.kind
        if kind is RoomKind.DIRECT:
            return self._may_write_to_the_other(person, room)
        if kind is RoomKind.GROUP:
            return self._may_be_in_group(person, room)
        if kind is RoomKind.CHAT:
            return self._may_write_in_chat(person, room)
        if kind is RoomKind.ANNOUNCEMENTS:
            return self._may_be_in_group(person, room)
        return _TO_THE_BOT if kind is RoomKind.CONTROL else _IN_A_SPACE

    def _may_write_to_the_other(self, person: Person, room: Room) -> Decision:
        for user_id in room.members:
            if user_id not in (person.user_id, self.bot):
                other = self.directory.person(user_id)
                if other is None:
                    return refuse(Reason.UNKNOWN_RECIPIENT, "directory:recipient")
                decision = self._may_reach(person, other)
                if decision.reason is not None:
                    return decision
        return _IN_A_DIRECT_ROOM

    def _may_write_in_chat(self, person: Person, room: Room) -> Decision:
        asked = (room.members, room.invited, room.creator)
        decision = self._remembered.get(asked)
        if decision is None:
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            decision = self._remembered[asked] = self._is_alive(person, room)
        return decision

    def _is_alive(self, person: Person, room: Room) -> Decision:
        """Whether one may write in a chat; the same for everybody in it."""
        maker = self.directory.person(room.creator)
        if maker is not None and not self.rights.holds(maker, Right.MESSAGE_EVERYONE):
            strangers = self._strangers(room.members, person)
            return allow("rooms:chat") if strangers is None else refuse(Reason.PEOPLE_GREW_APART, strangers[1].rule)
        here = (self.directory.person(user_id) for user_id in room.members - room.invited)
        if any(host and self.rights.holds(host, Right.MESSAGE_EVERYONE) for host in here):
            return allow("rooms:chat")
        return refuse(Reason.NO_TEACHER_LEFT, "rooms:needs_a_teacher")
