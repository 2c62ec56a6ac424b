"""A chat that follows a group: who is to be invited, who is to go."""

import pytest

from school.domain.guest_lists import Steps, steps
from school.domain.people import PersonId

HOST, ANN, BEN, CEM = map(PersonId, ("host", "ann", "ben", "cem"))


def people(*names: PersonId) -> frozenset[PersonId]:
    return frozenset(names)


@pytest.mark.parametrize(
    ("members", "guests", "elsewhere", "due"),
    [
        pytest.param(people(ANN), people(ANN), people(), Steps(), id="nothing to do"),
        pytest.param(people(ANN, BEN), people(ANN), people(), Steps(invite=people(BEN)), id="who is new is invited"),
        pytest.param(people(ANN), people(ANN, BEN), people(), Steps(remove=people(BEN)), id="who left goes"),
        pytest.param(
            people(ANN), people(ANN, BEN), people(BEN), Steps(forget=people(BEN)), id="but not to another such group"
        ),
        pytest.param(people(HOST, ANN), people(ANN), people(), Steps(), id="who keeps the list is not invited"),
        pytest.param(people(), people(HOST), people(), Steps(forget=people(HOST)), id="and does not go"),
        pytest.param(
            people(CEM), people(ANN, BEN), people(BEN),
            Steps(invite=people(CEM), remove=people(ANN), forget=people(BEN)), id="all at once",
        ),
    ],
)  # fmt: skip
def test_what_is_to_be_done(
    members: frozenset[PersonId], guests: frozenset[PersonId], elsewhere: frozenset[PersonId], due: Steps
) -> None:
    assert steps(members=members, guests=guests, elsewhere=elsewhere, host=HOST) == due
    assert bool(due) is (due != Steps())
