"""The letters in English."""

from typing import Final

WORDS: Final = {
    "title": "Access to the school’s messenger",
    "user_name": "User name",
    "code": "Code",
    "password": "Password",
    "server": "Server",
    "valid_until": "valid until",
    "app": (
        "Install the app “Element X” on your phone (App Store or Google Play). Then open this QR code with the "
        "camera: it tells the app which school it is. If that does not work, type the server above into the app."
    ),
    "only_browser": "Open this address in the browser of a computer or a phone:",
    "sign_in_codes": "Sign in with the user name above. The code above is the password.",
    "sign_in_ldap": "Sign in with the user name above. The password is the one that you use at school.",
    "sign_in_oidc": "Choose “{button}” there and sign in with your school account.",
    "browser": "On a computer, this works in the browser:",
    "own_password": "Choose a password of your own, on this page. From then on the code above no longer works.",
    "rooms": "Done: the rooms of your class and your groups are already there.",
    "secret": "Keep the code to yourself. The school never asks for it.",
    "ask": "Questions?",
    "ask_at_school": "The school office is glad to help.",
}
