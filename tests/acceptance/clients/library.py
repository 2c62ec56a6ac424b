"""What a story asks of a client library, and what it sees there. Each library answers in its own words."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from acceptance.client import Answer, Json
from acceptance.people import Person


class RefusedError(Exception):
    """The server said no; `answer` is what the library hands to its user."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(str(answer))
        self.answer = answer


@dataclass(frozen=True)
class Room:
    """A joined room, as the library knows it from its syncs."""

    id: str
    name: str
    is_space: bool
    is_encrypted: bool
    members: Sequence[str]


@dataclass(frozen=True)
class Message:
    """One place in a timeline: the words that stand in it now, and those that stood there before any edit."""

    id: str
    sender: str
    words: str
    first_words: str


class LibraryClient(ABC):
    """One person's client, made with a library. What is refused raises `RefusedError`."""

    user_id: str
    direct_requests: ClassVar[dict[str, Json]]
    """What programs made with it write beside `invite` to open a direct room, in the library's own words."""

    @abstractmethod
    def open_direct(self, user_id: str, way: str) -> str:
        """Opens a direct room in one of the ways of `direct_requests`, and does what else such a program does."""

    @abstractmethod
    def create_chat(self, name: str, invite: Sequence[str]) -> str: ...

    @abstractmethod
    def invite(self, room: str, user_id: str) -> None: ...

    @abstractmethod
    def join(self, room: str) -> None: ...

    @abstractmethod
    def leave(self, room: str) -> None: ...

    @abstractmethod
    def kick(self, room: str, user_id: str) -> None: ...

    @abstractmethod
    def send(self, room: str, words: str) -> str: ...

    @abstractmethod
    def state(self, room: str, event_type: str) -> Json: ...

    @abstractmethod
    def set_state(self, room: str, event_type: str, content: Json) -> None: ...

    @abstractmethod
    def search_people(self, term: str) -> set[str]: ...

    @abstractmethod
    def choose_password(self, old: str, new: str) -> None:
        """Proves with the old password who it is."""

    @abstractmethod
    def is_signed_in(self) -> bool:
        """Whether its syncs still work."""

    # What it shows

    @abstractmethod
    def rooms(self) -> dict[str, Room]: ...

    @abstractmethod
    def invitations(self) -> set[str]: ...

    @abstractmethod
    def messages(self, room: str) -> list[Message]: ...

    @abstractmethod
    def direct_rooms(self) -> dict[str, list[str]]: ...

    def texts(self, room: str) -> list[str]:
        return [message.words for message in self.messages(room)]


class Library(ABC):
    """One library, with a client for each person who plays."""

    name: ClassVar[str]

    def __init__(self) -> None:
        self._clients: dict[str, LibraryClient] = {}

    @abstractmethod
    def log_in(self, homeserver: str, user_id: str, password: str) -> LibraryClient:
        """Signs in with a password and waits for the first sync."""

    @abstractmethod
    def log_in_with_token(self, homeserver: str, user_id: str, token: str) -> LibraryClient:
        """The same with what single sign-on has given (Matrix spec, "Token-based")."""

    @abstractmethod
    def close(self) -> None: ...

    def client_of(self, person: Person) -> LibraryClient:
        if person.user_id not in self._clients:
            self._clients[person.user_id] = self.log_in(person.homeserver, person.user_id, person.account["password"])
        return self._clients[person.user_id]
