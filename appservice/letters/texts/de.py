"""Die Briefe auf Deutsch."""

from typing import Final

WORDS: Final = {
    "title": "Zugang zum Messenger der Schule",
    "user_name": "Benutzername",
    "code": "Code",
    "password": "Passwort",
    "server": "Server",
    "valid_until": "gültig bis",
    "app": (
        "Die App „Element X“ auf dem Handy installieren (App Store oder Google Play). Dann diesen QR-Code mit der "
        "Kamera öffnen: So findet die App die Schule. Wenn das nicht geht, in der App den Server oben eintippen."
    ),
    "only_browser": "Diese Adresse am Computer oder am Handy im Browser öffnen:",
    "sign_in_codes": "Mit dem Benutzernamen oben anmelden. Der Code oben ist das Passwort.",
    "sign_in_ldap": "Mit dem Benutzernamen oben anmelden. Das Passwort ist das, das auch sonst an der Schule gilt.",
    "sign_in_oidc": "Dort „{button}“ wählen und sich mit dem Schulkonto anmelden.",
    "browser": "Am Computer geht das im Browser:",
    "own_password": "Ein eigenes Passwort wählen, auf dieser Seite. Danach gilt der Code oben nicht mehr.",
    "rooms": "Fertig: Die Räume der Klasse und der Gruppen sind schon da.",
    "secret": "Der Code ist geheim. Die Schule fragt nie danach.",
    "ask": "Fragen?",
    "ask_at_school": "Das Sekretariat der Schule hilft gern.",
}
