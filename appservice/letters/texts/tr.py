"""The letters in Turkish."""

from typing import Final

WORDS: Final = {
    "title": "Okulun mesajlaşma uygulamasına giriş",
    "user_name": "Kullanıcı adı",
    "code": "Kod",
    "password": "Parola",
    "server": "Sunucu",
    "valid_until": "son geçerlilik tarihi",
    "app": (
        "Telefonunuza “Element X” uygulamasını yükleyin (App Store veya Google Play). Sonra bu QR kodunu kamerayla"
        " açın: Uygulama okulu böyle bulur. Olmazsa yukarıdaki sunucuyu uygulamaya yazın."
    ),
    "only_browser": "Bu adresi bilgisayarın veya telefonun tarayıcısında açın:",
    "sign_in_codes": "Yukarıdaki kullanıcı adıyla giriş yapın. Şifre, yukarıdaki koddur.",
    "sign_in_ldap": "Yukarıdaki kullanıcı adıyla giriş yapın. Şifre, okulda kullandığınız şifredir.",
    "sign_in_oidc": "Orada “{button}” düğmesini seçin ve okul hesabınızla giriş yapın.",
    "browser": "Bilgisayarda tarayıcıdan girilir:",
    "own_password": "Bu sayfada kendi şifrenizi belirleyin. Bundan sonra yukarıdaki kod geçersiz olur.",
    "rooms": "Hazır: Sınıfın ve grupların odaları yerinde.",
    "secret": "Kodu kimseye göstermeyin. Okul bu kodu asla sormaz.",
    "ask": "Sorularınız mı var?",
    "ask_at_school": "Okul sekreterliği size memnuniyetle yardımcı olur.",
}
