"""What the pages know of the school's settings, and how they name each other."""

from dataclasses import dataclass
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from school.config import Settings
from school.config.accounts import SignIn
from school.texts import Language
from school.texts.privacy import Periods

AFTER_LOGIN = "/account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The school's pages. A path here begins behind `public_url`, whatever path that ends with."""

    school: str
    language: Language
    zone: ZoneInfo
    public_url: str
    homeserver: str
    """Where people's messengers find the homeserver."""
    element_url: str | None
    sign_in: SignIn
    passwords_at: str | None
    """Where they are changed then, if that is a page."""
    periods: Periods

    @classmethod
    def of(cls, settings: Settings) -> "Site":
        """What school.yaml says."""
        return cls(
            school=settings.school.name,
            language=Language(settings.school.language),
            zone=settings.zone,
            public_url=settings.web.public_url,
            homeserver=settings.matrix.public_url,
            element_url=settings.web.element_url,
            sign_in=settings.accounts.sign_in,
            passwords_at=None if settings.accounts.oidc is None else settings.accounts.oidc.passwords_at,
            periods=Periods.of(settings),
        )

    @property
    def passwords_are_ours(self) -> bool:
        """Whether people choose their passwords here; else they belong to another program."""
        return self.sign_in is SignIn.CODES

    @property
    def is_secure(self) -> bool:
        """Whether browsers come by https."""
        return self.public_url.startswith("https:")

    @property
    def origin(self) -> str:
        """What a browser calls the site that a form comes from."""
        return _origin(self.public_url)

    @property
    def element_origin(self) -> str | None:
        """The site that may show our widgets."""
        return _origin(self.element_url) if self.element_url else None

    @property
    def base(self) -> str:
        """The path that every path of ours begins with in a browser; empty if there is none."""
        return urlsplit(self.public_url).path

    def path(self, path: str) -> str:
        """A path of ours as a browser has to ask for it."""
        return self.base + path

    def url(self, path: str) -> str:
        """A path of ours as a whole address."""
        return self.public_url + path


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
