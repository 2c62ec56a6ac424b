from dataclasses import replace

import pytest
from builders import BEN, CARL, GABI, GROUPS, HANNA, IDA, OTTO, STAFF, ZOE, group, person

from school.domain.decisions import Reason
from school.domain.directory import Directory
from school.domain.groups import GroupId, GroupOrigin
from school.domain.people import GUARDIAN, STUDENT, TEACHER, Person
from school.domain.resets import may_reset
from school.domain.rights import Level, Right, Rights, Rule, default_rules

MUM_OF_BEN = replace(person("mia", GUARDIAN), wards=frozenset({BEN.id}))
HEAD = person("head", TEACHER, leadership=True)
PREFECT = person("pia", STUDENT, "5a", leadership=True)
STAFF_WITH_THE_RIGHT = person("sven", STAFF)
CLUB = replace(group("club", "Theater-AG"), origin=GroupOrigin.SCHOOL)
IDA_WITH_A_CLUB = replace(IDA, groups=IDA.groups | {GroupId("club")})
CARL_IN_THE_CLUB = replace(CARL, groups=CARL.groups | {GroupId("club")})
RULES = Rule(
    level=Level.PERSON, subject=STAFF_WITH_THE_RIGHT.id, right=Right.RESET_PASSWORDS, allow=True, id="own line"
)
EVERYBODY = (IDA, OTTO, BEN, CARL, GABI, HANNA, ZOE, MUM_OF_BEN, HEAD, PREFECT, STAFF_WITH_THE_RIGHT)


def reason(resetter: Person, target: Person, *, own: bool) -> Reason | None:
    directory = Directory(EVERYBODY, (*GROUPS, CLUB))
    rights = Rights([*default_rules(), RULES])
    return may_reset(resetter, target, rights=rights, directory=directory, own_groups_only=own).reason


@pytest.mark.parametrize(
    ("resetter", "target", "everywhere", "in_own_groups"),
    [
        pytest.param(IDA, BEN, None, None, id="a teacher helps a pupil of their class"),
        pytest.param(OTTO, BEN, None, Reason.NOT_OWN_PUPIL, id="a teacher helps a pupil of another class"),
        pytest.param(IDA, MUM_OF_BEN, None, None, id="a teacher helps the mother of a pupil of their class"),
        pytest.param(IDA, HANNA, None, Reason.NOT_OWN_PUPIL, id="a teacher helps a guardian of another class"),
        pytest.param(HEAD, BEN, None, Reason.NOT_OWN_PUPIL, id="the leadership has no other right than teachers"),
        pytest.param(
            IDA_WITH_A_CLUB,
            CARL_IN_THE_CLUB,
            None,
            Reason.NOT_OWN_PUPIL,
            id="a group of one's own making does not count",
        ),
        pytest.param(IDA, OTTO, Reason.NOT_OF_STAFF, Reason.NOT_OF_STAFF, id="never a colleague's"),
        pytest.param(IDA, IDA, Reason.NOT_OF_STAFF, Reason.NOT_OF_STAFF, id="nor one's own, as a teacher"),
        pytest.param(HEAD, OTTO, Reason.NOT_OF_STAFF, Reason.NOT_OF_STAFF, id="nor a teacher's by the leadership"),
        pytest.param(IDA, ZOE, Reason.NOT_OF_STAFF, Reason.NOT_OF_STAFF, id="nor that of a role the school has added"),
        pytest.param(IDA, PREFECT, Reason.NOT_OF_STAFF, Reason.NOT_OF_STAFF, id="nor that of whoever leads"),
        pytest.param(BEN, CARL, Reason.NO_RESETS, Reason.NO_RESETS, id="a pupil resets nothing"),
        pytest.param(GABI, BEN, Reason.NO_RESETS, Reason.NO_RESETS, id="a guardian resets nothing"),
        pytest.param(MUM_OF_BEN, BEN, Reason.NO_RESETS, Reason.NO_RESETS, id="not even of their own child"),
        pytest.param(ZOE, BEN, Reason.NO_RESETS, Reason.NO_RESETS, id="an added role has no rights by itself"),
        pytest.param(
            STAFF_WITH_THE_RIGHT, BEN, None, Reason.NOT_OWN_PUPIL, id="whoever is given the right, as far as it reaches"
        ),
    ],
)
def test_who_resets_whose_password(
    resetter: Person, target: Person, everywhere: Reason | None, in_own_groups: Reason | None
) -> None:
    assert reason(resetter, target, own=False) == everywhere
    assert reason(resetter, target, own=True) == in_own_groups
