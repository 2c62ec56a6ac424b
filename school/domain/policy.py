"""The policy: who may do what with whom.

The rule of rules:
1. Teachers reach everybody. Everybody reaches teachers. Otherwise two people may write to each other only if they
   are in one group. Each of the three is a right (school.domain.rights) and can be given or taken.
2. A room that somebody made never becomes a bridge: in a room whose maker is no teacher, everybody must be allowed to
   write to everybody else who is not a teacher. In a teacher's room a teacher may bring anybody together; it needs a
   teacher to stay alive.
3. A group's room is for the people of the group and for those who may write to all groups, and for nobody else.
4. A direct room is for two people for life, and each message in it is decided anew.
5. Who is not in the directory may do nothing.

Every function returns a `Decision`; none raises. The school's own hand (the bot) and admins are not asked here.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import permutations

from school.domain.decisions import Decision, Reason, allow, refuse
from school.domain.directory import Directory
from school.domain.people import TEACHER, Person, UserId
from school.domain.rights import Right, Rights
from school.domain.rooms import MESSAGES, REMARKS, STATE_BY_PEOPLE, Room, RoomKind


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
        everyone = self.rights.ruling(person, Right.MESSAGE_EVERYONE)
        if everyone is not None and everyone.allow:
            return allow(everyone.id)
        rule_of_refusal = "no rule"
        if other.role == TEACHER:
            teachers = self.rights.ruling(person, Right.MESSAGE_TEACHERS)
            if teachers is not None:
                if teachers.allow:
                    return allow(teachers.id)
                rule_of_refusal = teachers.id
        if person.shares_group_with(other):
            own_groups = self.rights.ruling(person, Right.MESSAGE_OWN_GROUPS)
            if own_groups is not None:
                if own_groups.allow:
                    return allow(own_groups.id)
                rule_of_refusal = own_groups.id
        return refuse(Reason.NO_COMMON_GROUP, rule_of_refusal)

    def may_see(self, searcher: UserId, found: UserId) -> Decision:
        """Whether `searcher` finds `found` in the user directory: whoever may be written to is found."""
        return self.may_message(searcher, found)

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
        if request.kind in {RoomKind.SPACE, RoomKind.GROUP}:
            return refuse(Reason.NO_SPACES, "rooms:groups_come_from_the_school")
        if request.kind is RoomKind.CONTROL:
            return allow("rooms:control")
        if request.kind is RoomKind.DIRECT:
            if len(request.invitees) != 1 or creator in request.invitees:
                return refuse(Reason.DIRECT_ROOM_IS_FOR_TWO, "rooms:direct")
            return self.may_message(creator, request.invitees[0])
        ruling = self.rights.ruling(person, Right.CREATE_ROOMS)
        if ruling is None or not ruling.allow:
            return refuse(Reason.NO_ROOMS, "no rule" if ruling is None else ruling.id)
        return self._may_be_together({creator, *request.invitees}, weakest=person, asking=person, rule=ruling.id)

    def _may_be_together(self, people: Collection[UserId], *, weakest: Person, asking: Person, rule: str) -> Decision:
        """Whether these people may be in one room, by `rule`. Anybody may, if `weakest` (its maker, or who brings
        somebody in) may write to everybody. `asking` is who reads the reason."""
        for user_id in people:
            if user_id != self.bot and self.directory.person(user_id) is None:
                return refuse(Reason.UNKNOWN_RECIPIENT, "directory:recipient")
        if self.rights.holds(weakest, Right.MESSAGE_EVERYONE):
            return allow(rule)
        known = [person for user_id in sorted(people) if (person := self.directory.person(user_id))]
        known.sort(key=lambda person: person != asking)  # what concerns the asking person is the clearest reason
        for person, other in permutations(known, 2):
            if person.role == TEACHER:
                continue
            decision = self._may_reach(person, other)
            if not decision:
                reason = Reason.NO_COMMON_GROUP if person == asking else Reason.WOULD_BRIDGE_GROUPS
                return refuse(reason, decision.rule)
        return allow(rule)

    def may_invite(self, inviter: UserId, invitee: UserId, room: Room) -> Decision:
        """Whether `inviter` may bring `invitee` into an existing room."""
        person = self.directory.person(inviter)
        if person is None:
            return refuse(Reason.UNKNOWN_PERSON, "directory:sender")
        if invitee != self.bot and self.directory.person(invitee) is None:
            return refuse(Reason.UNKNOWN_RECIPIENT, "directory:recipient")
        if room.kind in {RoomKind.DIRECT, RoomKind.CONTROL}:
            return refuse(Reason.DIRECT_ROOM_IS_FOR_TWO, "rooms:direct")
        if room.kind in {RoomKind.GROUP, RoomKind.SPACE}:
            return self.may_enter_group(invitee, room)
        return self._may_come_into_chat(room, {inviter, invitee}, person)

    def _may_come_into_chat(self, room: Room, newcomers: set[UserId], inviter: Person) -> Decision:
        maker = self.directory.person(room.creator)
        if maker is None:
            return refuse(Reason.NO_TEACHER_LEFT, "rooms:maker_has_left")
        teachers_room = self.rights.holds(maker, Right.MESSAGE_EVERYONE)
        if teachers_room and self.rights.holds(inviter, Right.MESSAGE_EVERYONE):
            return allow("rooms:teachers_room")
        weakest = inviter if teachers_room else maker
        together = room.members | newcomers
        return self._may_be_together(together, weakest=weakest, asking=inviter, rule="rooms:no_bridge")

    def may_join(self, user_id: UserId, room: Room, *, invited_by: UserId | None = None) -> Decision:
        """Whether somebody may come in; `invited_by` is who sent the standing invitation, if there is one."""
        if self.directory.person(user_id) is None:
            return refuse(Reason.UNKNOWN_PERSON, "directory:sender")
        if room.kind in {RoomKind.GROUP, RoomKind.SPACE}:
            return self.may_enter_group(user_id, room)
        if user_id == room.creator:
            return allow("rooms:maker")
        if invited_by is None:
            return refuse(Reason.NOT_INVITED, "rooms:by_invitation")
        if room.kind in {RoomKind.DIRECT, RoomKind.CONTROL} or invited_by == self.bot:
            return allow("rooms:invited")
        return self.may_invite(invited_by, user_id, room)

    def may_enter_group(self, user_id: UserId, room: Room) -> Decision:
        """Whether somebody may be in a group's room or space: who is in the group, or may write to all groups."""
        if user_id == self.bot:
            return allow("bot:reaches_everybody")
        person = self.directory.person(user_id)
        if person is None:
            return refuse(Reason.UNKNOWN_PERSON, "directory:sender")
        if room.stamp.group in person.groups:
            return allow("directory:membership")
        ruling = self.rights.ruling(person, Right.WRITE_TO_GROUPS)
        if ruling is not None and ruling.allow:
            return allow(ruling.id)
        return refuse(Reason.NOT_IN_GROUP, "no rule" if ruling is None else ruling.id)

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

    def may_send(self, sender: UserId, room: Room, event_type: str, *, is_state: bool = False) -> Decision:
        """Whether somebody may send an event of a type that is no membership into a room, asked at every send."""
        if event_type == "m.room.redaction" and not is_state:
            # One's own words can always be taken back, also when Synapse does it for somebody who was removed.
            return allow("rooms:own_redactions")
        person = self.directory.person(sender)
        if person is None:
            return refuse(Reason.UNKNOWN_PERSON, "directory:sender")
        if is_state and event_type not in STATE_BY_PEOPLE[room.kind]:
            return refuse(Reason.RULES_ARE_FIXED, "rooms:state")
        if not is_state and event_type not in MESSAGES and event_type not in REMARKS:
            return refuse(Reason.NOT_OFFERED, "rooms:types")
        return self._may_write(person, room)

    def _may_write(self, person: Person, room: Room) -> Decision:
        match room.kind:
            case RoomKind.SPACE:
                return refuse(Reason.READ_ONLY, "rooms:space")
            case RoomKind.CONTROL:
                return allow("rooms:control")
            case RoomKind.GROUP:
                return self.may_enter_group(person.user_id, room)
            case RoomKind.DIRECT:
                others = room.others(person.user_id) - {self.bot}
                decisions = (self.may_message(person.user_id, other) for other in others)
                return next((d for d in decisions if not d), allow("rooms:direct"))
            case RoomKind.CHAT:
                return self._may_write_in_chat(person, room)

    def _may_write_in_chat(self, person: Person, room: Room) -> Decision:
        maker = self.directory.person(room.creator)
        made_by_teacher = maker is not None and self.rights.holds(maker, Right.MESSAGE_EVERYONE)
        if maker is not None and not made_by_teacher:
            return self._may_be_together(room.members, weakest=maker, asking=person, rule="rooms:chat")
        if any((p := self.directory.person(m)) and p.role == TEACHER for m in room.members):
            return allow("rooms:chat")
        return refuse(Reason.NO_TEACHER_LEFT, "rooms:needs_a_teacher")
