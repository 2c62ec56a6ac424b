"""The rights table, written out: what becomes of every path that Matrix offers, for everybody who may try it.

How to read it. A block begins with who acts, "and" whom or what it is about (the columns). A row is one path.

    yes         it is done, and the other one really sees it
    hidden      the answer shows nothing, as if there were nobody
    forbidden   Synapse itself says no: not in the room, no moderator of it, no administrator
    any other   refused by the school: this is the reason (docs/rules.md says what the person reads)
    -           there is no such path

After everything that is not "yes" there is no room, no member, no invitation and no address more than before.

The people: the pupil is of class 9.1, one of the year of class 9.2, another pupil of class 10.1. The guardian has a
child in class 8.2. This pupil and this guardian, and nobody else here, are in the committee that joins pupils and
guardians. The teacher is of class 8.2 and teaches nobody else here. "The teachers" is the group of all of them.

Not in the table: set_tasks, submit_tasks, create_groups, invite_groups and reset_passwords, which nothing asks for yet.
Nor words sent to a device ("to-device"): no module of Synapse sees them; the reverse proxy shuts them out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

TABLE: Final = """
A TEACHER and                                 | a colleague | any pupil | any guardian
opens a direct room                           | yes         | yes       | yes
opens a direct room, as Element asks for it   | yes         | yes       | yes
asks for a room for two, not called direct    | yes         | yes       | yes
makes a chat and invites them at once         | yes         | yes       | yes
makes a chat and invites them later           | yes         | yes       | yes
invites them as moderator of a teacher's chat | yes         | yes       | yes
writes where a teacher brought both together  | yes         | yes       | yes
finds them in the search for people           | yes         | yes       | yes
sees their name, after asking for a room      | yes         | yes       | yes

A PUPIL and                                   | any teacher | a classmate | one of the year | another pupil
opens a direct room                           | yes         | yes         | yes             | no_common_group
opens a direct room, as Element asks for it   | yes         | yes         | yes             | no_common_group
asks for a room for two, not called direct    | yes         | yes         | yes             | no_common_group
makes a chat and invites them at once         | no_rooms    | no_rooms    | no_rooms        | no_rooms
makes a chat and invites them later           | no_rooms    | no_rooms    | no_rooms        | no_rooms
invites them as moderator of a teacher's chat | yes         | yes         | yes             | no_common_group
writes where a teacher brought both together  | yes         | yes         | yes             | yes
finds them in the search for people           | yes         | yes         | yes             | hidden
sees their name, after asking for a room      | yes         | yes         | yes             | forbidden

A PUPIL and                                   | the own guardian | another guardian | a guardian of the committee
opens a direct room                           | no_common_group  | no_common_group  | yes
opens a direct room, as Element asks for it   | no_common_group  | no_common_group  | yes
asks for a room for two, not called direct    | no_common_group  | no_common_group  | yes
makes a chat and invites them at once         | no_rooms         | no_rooms         | no_rooms
makes a chat and invites them later           | no_rooms         | no_rooms         | no_rooms
invites them as moderator of a teacher's chat | no_common_group  | no_common_group  | yes
writes where a teacher brought both together  | yes              | yes              | yes
finds them in the search for people           | hidden           | hidden           | yes
sees their name, after asking for a room      | forbidden        | forbidden        | yes

A GUARDIAN and                                | any teacher | one of the class | another guardian
opens a direct room                           | yes         | yes              | no_common_group
opens a direct room, as Element asks for it   | yes         | yes              | no_common_group
asks for a room for two, not called direct    | yes         | yes              | no_common_group
makes a chat and invites them at once         | yes         | yes              | no_common_group
makes a chat and invites them later           | yes         | yes              | no_common_group
invites them as moderator of a teacher's chat | yes         | yes              | no_common_group
writes where a teacher brought both together  | yes         | yes              | yes
finds them in the search for people           | yes         | yes              | hidden
sees their name, after asking for a room      | yes         | yes              | forbidden

A GUARDIAN and                                | the own child   | another pupil   | a pupil of the committee
opens a direct room                           | no_common_group | no_common_group | yes
opens a direct room, as Element asks for it   | no_common_group | no_common_group | yes
asks for a room for two, not called direct    | no_common_group | no_common_group | yes
makes a chat and invites them at once         | no_common_group | no_common_group | yes
makes a chat and invites them later           | no_common_group | no_common_group | yes
invites them as moderator of a teacher's chat | no_common_group | no_common_group | yes
writes where a teacher brought both together  | yes             | yes             | yes
finds them in the search for people           | hidden          | hidden          | yes
sees their name, after asking for a room      | forbidden       | forbidden       | yes

A TEACHER and the room of          | the own class   | another class   | guardians of another
enters it by its id                | yes             | yes             | yes
enters its space, then the room    | yes             | yes             | yes
knocks at it                       | no_knocking     | no_knocking     | no_knocking
reads in it, once in               | yes             | yes             | yes
sees who is in it, once in         | yes             | yes             | yes
writes in it, once in              | yes             | yes             | yes
writes in it without coming in     | -               | forbidden       | forbidden
sets its topic, once in            | yes             | not_a_moderator | not_a_moderator
pins a message, once in            | yes             | not_a_moderator | not_a_moderator
renames it, once in                | rules_are_fixed | rules_are_fixed | rules_are_fixed
deletes another's message, once in | yes             | forbidden       | forbidden
invites a colleague, once in       | yes             | not_a_moderator | not_a_moderator
invites another pupil, once in     | not_in_group    | not_in_group    | not_in_group
leaves it, once in                 | group_is_kept   | yes             | yes
writes in its space                | read_only       | -               | -

A PUPIL and the room of            | the own class   | another class   | guardians of the class | the teachers
enters it by its id                | yes             | not_in_group    | not_in_group           | not_in_group
enters its space, then the room    | yes             | not_in_group    | not_in_group           | not_in_group
knocks at it                       | no_knocking     | no_knocking     | no_knocking            | no_knocking
reads in it, once in               | yes             | forbidden       | forbidden              | forbidden
sees who is in it, once in         | yes             | forbidden       | forbidden              | forbidden
writes in it, once in              | yes             | forbidden       | forbidden              | forbidden
writes in it without coming in     | -               | forbidden       | forbidden              | forbidden
sets its topic, once in            | not_a_moderator | forbidden       | forbidden              | forbidden
pins a message, once in            | not_a_moderator | forbidden       | forbidden              | forbidden
renames it, once in                | rules_are_fixed | forbidden       | forbidden              | forbidden
deletes another's message, once in | forbidden       | forbidden       | forbidden              | forbidden
invites a colleague, once in       | not_a_moderator | not_a_moderator | not_a_moderator        | not_a_moderator
invites another pupil, once in     | not_in_group    | not_in_group    | not_in_group           | not_in_group
leaves it, once in                 | group_is_kept   | forbidden       | forbidden              | forbidden
writes in its space                | read_only       | -               | -                      | -

A GUARDIAN and the room of         | the own group   | guardians of another | the child's class | the teachers
enters it by its id                | yes             | not_in_group         | not_in_group      | not_in_group
enters its space, then the room    | yes             | not_in_group         | not_in_group      | not_in_group
knocks at it                       | no_knocking     | no_knocking          | no_knocking       | no_knocking
reads in it, once in               | yes             | forbidden            | forbidden         | forbidden
sees who is in it, once in         | yes             | forbidden            | forbidden         | forbidden
writes in it, once in              | yes             | forbidden            | forbidden         | forbidden
writes in it without coming in     | -               | forbidden            | forbidden         | forbidden
sets its topic, once in            | not_a_moderator | forbidden            | forbidden         | forbidden
pins a message, once in            | not_a_moderator | forbidden            | forbidden         | forbidden
renames it, once in                | rules_are_fixed | forbidden            | forbidden         | forbidden
deletes another's message, once in | forbidden       | forbidden            | forbidden         | forbidden
invites a colleague, once in       | not_a_moderator | not_a_moderator      | not_a_moderator   | not_a_moderator
invites another pupil, once in     | not_in_group    | not_in_group         | not_in_group      | not_in_group
leaves it, once in                 | group_is_kept   | forbidden            | forbidden         | forbidden
writes in its space                | read_only       | -                    | -                 | -

BY THEMSELVES                                | a teacher              | a pupil                | a guardian
make a chat                                  | yes                    | no_rooms               | yes
make a chat with a name and a topic          | yes                    | no_rooms               | yes
make a chat with an address                  | room_stays_private     | room_stays_private     | room_stays_private
make a chat that is listed                   | room_stays_private     | room_stays_private     | room_stays_private
make a chat that anybody may enter           | room_stays_private     | room_stays_private     | room_stays_private
rename a chat of their own                   | yes                    | -                      | yes
open a chat of their own to everybody        | rules_are_fixed        | -                      | rules_are_fixed
make a space                                 | no_spaces              | no_spaces              | no_spaces
open a direct room with the bot              | yes                    | yes                    | yes
open a direct room that has a name           | direct_room_is_for_two | direct_room_is_for_two | direct_room_is_for_two
name their direct room                       | rules_are_fixed        | rules_are_fixed        | rules_are_fixed
bring a third into their direct room         | direct_room_is_for_two | direct_room_is_for_two | direct_room_is_for_two
give their direct room an address            | room_stays_private     | room_stays_private     | room_stays_private
list their direct room                       | room_stays_private     | room_stays_private     | room_stays_private
upgrade their direct room                    | not_offered            | not_offered            | not_offered
enter a direct room of others                | not_invited            | not_invited            | not_invited
knock at a direct room of others             | no_knocking            | no_knocking            | no_knocking
read a direct room of others                 | forbidden              | forbidden              | forbidden
enter a chat of others, uninvited            | not_invited            | not_invited            | not_invited

CALLS, WIDGETS AND ENCRYPTION                | a teacher       | a pupil        | a guardian
call somebody in a direct room               | yes             | no_conferences | no_conferences
call, as Element Call rings                  | yes             | no_conferences | no_conferences
answer a teacher's call                      | yes             | yes            | yes
hang up a teacher's call                     | yes             | yes            | yes
answer somebody who may not call             | -               | no_conferences | no_conferences
join Element Call in a direct room           | yes             | no_conferences | no_conferences
call in the room of their group              | yes             | no_conferences | no_conferences
join Element Call in the room of their group | yes             | no_conferences | no_conferences
put a widget into the room of their group    | yes             | no_conferences | no_conferences
call in a teacher's chat                     | yes             | no_conferences | no_conferences
put a widget into a teacher's chat           | yes             | no_conferences | no_conferences
put a widget into a direct room              | rules_are_fixed | no_conferences | no_conferences
encrypt a direct room                        | not_encrypted   | not_encrypted  | not_encrypted
encrypt a chat of their own                  | not_encrypted   | -              | not_encrypted
write something encrypted                    | not_encrypted   | not_encrypted  | not_encrypted

IMPORT PEOPLE, CHANGE RIGHTS (nobody may)    | a teacher       | a pupil         | a guardian
list all accounts                            | forbidden       | forbidden       | forbidden
make an account                              | forbidden       | forbidden       | forbidden
register an account, without being signed in | forbidden       | forbidden       | forbidden
become an administrator of the server        | forbidden       | forbidden       | forbidden
become an administrator of the group's room  | rules_are_fixed | rules_are_fixed | rules_are_fixed
set the password of somebody else            | forbidden       | forbidden       | forbidden
take another name                            | forbidden       | forbidden       | forbidden
close the own account                        | forbidden       | forbidden       | forbidden
tell the school that somebody has come       | forbidden       | forbidden       | forbidden

PARTED, IN AN OLD DIRECT ROOM                | pupil, teacher | pupil, pupil    | guardian, guardian | pupil, guardian
writes in it                                 | yes            | no_common_group | no_common_group    | no_common_group
changes what they wrote before               | yes            | no_common_group | no_common_group    | no_common_group
sends a sticker                              | yes            | no_common_group | no_common_group    | no_common_group
puts a sign under a message                  | yes            | no_common_group | no_common_group    | no_common_group
pins a message                               | yes            | no_common_group | no_common_group    | no_common_group
opens a second direct room                   | yes            | no_common_group | no_common_group    | no_common_group
finds the other one in the search for people | yes            | hidden          | hidden             | hidden
reads what was written before                | yes            | yes             | yes                | yes
deletes what they wrote before               | yes            | yes             | yes                | yes
leaves it                                    | yes            | yes             | yes                | yes

PARTED, IN A GUARDIAN'S OLD CHAT             | who made it       | another guardian  | a teacher
writes in it                                 | people_grew_apart | people_grew_apart | people_grew_apart
sends a sticker                              | people_grew_apart | people_grew_apart | people_grew_apart
renames it                                   | people_grew_apart | people_grew_apart | people_grew_apart
reads what was written before                | yes               | yes               | yes
deletes what they wrote before               | yes               | yes               | yes
leaves it                                    | yes               | yes               | yes
"""


@dataclass(frozen=True)
class Cell:
    """One expectation: `path`, tried by `who` with what stands over the `column`, ends as `expected`."""

    who: str
    path: str
    column: str
    expected: str

    def __str__(self) -> str:
        return f"{self.who} {self.column}: {self.path}"


def cells(table: str) -> Iterator[Cell]:
    """Every cell of a table that stands for a path, block by block."""
    for block in table.strip().split("\n\n"):
        head, *rows = ([part.strip() for part in line.split("|")] for line in block.splitlines())
        who, *columns = head
        for path, *results in rows:
            for column, expected in zip(columns, results, strict=True):
                if expected != "-":
                    yield Cell(who, path, column, expected)
