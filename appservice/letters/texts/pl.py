"""The letters in Polish."""

from typing import Final

WORDS: Final = {
    "title": "Dostęp do komunikatora szkoły",
    "user_name": "Nazwa użytkownika",
    "code": "Kod",
    "password": "Hasło",
    "server": "Serwer",
    "valid_until": "ważny do",
    "app": (
        "Proszę zainstalować na telefonie aplikację „Element X” (App Store lub Google Play). Potem proszę otworzyć"
        " ten kod QR aparatem: w ten sposób aplikacja znajdzie szkołę. Jeśli się nie uda, proszę wpisać w "
        "aplikacji serwer podany wyżej."
    ),
    "only_browser": "Proszę otworzyć ten adres w przeglądarce na komputerze lub telefonie:",
    "sign_in_codes": "Proszę się zalogować nazwą użytkownika podaną wyżej. Hasłem jest kod podany wyżej.",
    "sign_in_ldap": (
        "Proszę się zalogować nazwą użytkownika podaną wyżej. Hasło jest to samo, którego używa się w szkole."
    ),
    "sign_in_oidc": "Proszę wybrać tam „{button}” i zalogować się kontem szkolnym.",
    "browser": "Na komputerze działa to w przeglądarce:",
    "own_password": "Proszę ustawić własne hasło na tej stronie. Potem kod podany wyżej nie będzie już działać.",
    "rooms": "Gotowe: pokoje klasy i grup już czekają.",
    "secret": "Kodu proszę nikomu nie pokazywać. Szkoła nigdy o niego nie pyta.",
    "ask": "Pytania?",
    "ask_at_school": "Chętnie pomoże sekretariat szkoły.",
}
