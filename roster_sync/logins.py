"""Accounts of people who sign in with the login that they have at the school's LDAP or single sign-on.

Whoever shows the password of a login there is let into the account of that name here. So an account is named by its
person's login, and by nothing else:

1. A new account has the login for its localpart. Nobody is given a name made of their names: it could be the login of
   somebody else.
2. Whoever has no login, or one that no Matrix account can have, has no way in: the sync stops and says who.
3. A login that is the name of somebody else's account is never let pass: it would open that account. This happens where
   a school has begun with first codes.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from school.domain.people import PersonId, UserId
from school.domain.roster import RegisterError, RosterPerson

_LOCALPART: Final = re.compile(r"[a-z0-9._=+-]{1,64}")
"""What a new localpart may be (Matrix spec, appendix "User identifiers"), without the slash."""
_NAMED: Final = 5


def localpart_of(login: str) -> str | None:
    """The localpart that a login becomes: both servers take capitals for small letters. None: it cannot be one."""
    localpart = login.strip().lower()
    if not _LOCALPART.fullmatch(localpart) or localpart.isdigit() or localpart.startswith("_"):
        return None  # Synapse keeps localparts of digits for guests
    return localpart


def logins_of(
    people: Iterable[RosterPerson], known: Mapping[PersonId, UserId], *, reserved: Collection[str]
) -> Mapping[PersonId, str]:
    """The localpart of everybody, by what they sign in with. `known` are the accounts that there are, `reserved` the
    names that nobody gets.

    Raises:
        RegisterError: somebody has no login that can be used, or one that would open an account of somebody else.
    """
    everybody = list(people)
    named = {person.id: localpart_of(person.login or "") for person in everybody}
    _require(
        (ident for ident, localpart in named.items() if localpart is None),
        "no login that can name an account (letters, digits, . _ = + -, and not digits alone); people sign in with it "
        "here (accounts.sign_in), so give them one, or leave them out",
    )
    owner = {user_id[1:].partition(":")[0]: ident for ident, user_id in known.items()}
    found: dict[str, PersonId] = {}
    doubled = [ident for ident, localpart in named.items() if found.setdefault(str(localpart), ident) != ident]
    _require(doubled, "a login that somebody else has, too; give each their own")
    _require(
        (ident for ident, localpart in named.items() if localpart in reserved),
        "a login that is the name of the bot or of an admin here; give them another login",
    )
    _require(
        (ident for ident, localpart in named.items() if owner.get(str(localpart), ident) != ident),
        "a login that is the name of somebody else's account here, and would open it; give them another login, or "
        "erase that account",
    )
    return {ident: str(localpart) for ident, localpart in named.items()}


def strayed(logins: Mapping[PersonId, str], known: Mapping[PersonId, UserId]) -> tuple[str, ...]:
    """What a human should look at: people whose account has another name than their login, so that they cannot get
    into it."""
    others = [
        ident for ident, login in logins.items() if ident in known and known[ident].partition(":")[0] != f"@{login}"
    ]
    if not others:
        return ()
    return (
        f"{_some(others)}: the account has another name than the login, which cannot be changed. They cannot sign in.",
    )


def _require(idents: Iterable[PersonId], sentence: str) -> None:
    if wrong := list(idents):
        raise RegisterError(f"{_some(wrong)}: {sentence}.")


def _some(idents: list[PersonId]) -> str:
    named = ", ".join(sorted(idents)[:_NAMED])
    return named if len(idents) <= _NAMED else f"{named} and {len(idents) - _NAMED} more"
