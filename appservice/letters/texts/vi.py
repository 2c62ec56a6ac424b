"""The letters in Vietnamese."""

from typing import Final

WORDS: Final = {
    "title": "Truy cập ứng dụng nhắn tin của trường",
    "user_name": "Tên người dùng",
    "code": "Mã",
    "password": "Mật khẩu",
    "server": "Máy chủ",
    "valid_until": "có hiệu lực đến",
    "app": (
        "Cài ứng dụng “Element X” trên điện thoại (App Store hoặc Google Play). Sau đó mở mã QR này bằng camera: "
        "ứng dụng sẽ tìm thấy trường. Nếu không được, hãy nhập máy chủ ở trên vào ứng dụng."
    ),
    "only_browser": "Mở địa chỉ này trong trình duyệt trên máy tính hoặc điện thoại:",
    "sign_in_codes": "Đăng nhập bằng tên người dùng ở trên. Mật khẩu là mã ở trên.",
    "sign_in_ldap": "Đăng nhập bằng tên người dùng ở trên. Mật khẩu là mật khẩu vẫn dùng ở trường.",
    "sign_in_oidc": "Tại đó, chọn “{button}” và đăng nhập bằng tài khoản của trường.",
    "browser": "Trên máy tính, đăng nhập trong trình duyệt:",
    "own_password": "Chọn mật khẩu riêng trên trang này. Sau đó mã ở trên không còn dùng được nữa.",
    "rooms": "Xong: các phòng của lớp và của các nhóm đã có sẵn.",
    "secret": "Xin đừng cho ai xem mã này. Nhà trường không bao giờ hỏi mã.",
    "ask": "Có câu hỏi?",
    "ask_at_school": "Văn phòng nhà trường sẵn lòng giúp đỡ.",
}
