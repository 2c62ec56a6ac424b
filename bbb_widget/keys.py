"""Keyed hashes: what BigBlueButton, and whoever sees its lists and addresses, gets to know instead of a person.

1. A person's id in a meeting is a hash of meeting and person: the same person has another one in every meeting.
2. The address that is called when a meeting ends carries a hash of the meeting: who does not know it ends nothing.
3. Of a guest's link only a hash is kept.
"""

import hmac
from hashlib import blake2b, sha256
from typing import Final

_LABEL: Final = b"bbb conferences"
_LENGTH: Final = 32


class ConferenceKeys:
    """Hashes with a key that is made from the school's own."""

    __slots__ = ("_key",)

    def __init__(self, identity_key: bytes) -> None:
        self._key = blake2b(key=identity_key, person=_LABEL, digest_size=32).digest()

    def attendee(self, meeting_id: str, who: str) -> str:
        """What somebody is called among the ids of a meeting."""
        return self._hash("attendee", meeting_id, who)

    def ended(self, meeting_id: str) -> str:
        """What proves that BigBlueButton speaks of this meeting."""
        return self._hash("ended", meeting_id)

    def is_ended(self, meeting_id: str, proof: str) -> bool:
        """Whether a proof is right. Compared in constant time."""
        return hmac.compare_digest(self.ended(meeting_id).encode(), proof.encode())

    def slides(self, conference_id: str, uri: str, until: str) -> str:
        """What proves that we have given this address of slides."""
        return self._hash("slides", conference_id, uri, until)

    def are_slides(self, conference_id: str, uri: str, until: str, proof: str) -> bool:
        """Whether it is right. Compared in constant time."""
        return hmac.compare_digest(self.slides(conference_id, uri, until).encode(), proof.encode())

    def _hash(self, *parts: str) -> str:
        return hmac.new(self._key, "\0".join(parts).encode(), sha256).hexdigest()[:_LENGTH]


def hash_of_token(token: str) -> str:
    """What is kept of a guest's link."""
    return sha256(token.encode()).hexdigest()
