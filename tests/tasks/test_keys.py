import pytest

from tasks.keys import TaskKeys, WrongKeyError

OLD, NEW = b"o" * 32, b"n" * 32


def test_a_tasks_key_is_opened_again() -> None:
    keys = TaskKeys([NEW])
    wrapped = keys.new("t")
    assert keys.open(wrapped, "t").for_files == keys.open(wrapped, "t").for_files
    assert keys.open(wrapped, "t").for_files != keys.open(keys.new("t"), "t").for_files


def test_a_new_secret_opens_what_the_old_one_wrapped_as_long_as_that_stays() -> None:
    wrapped = TaskKeys([OLD]).new("t")
    assert TaskKeys([NEW, OLD]).open(wrapped, "t").for_files == TaskKeys([OLD]).open(wrapped, "t").for_files
    with pytest.raises(WrongKeyError, match="task_keys"):
        TaskKeys([NEW]).open(wrapped, "t")


@pytest.mark.parametrize("wrapped", ["", "no base64!", "AAAA"])
def test_what_is_no_key_is_refused(wrapped: str) -> None:
    with pytest.raises(WrongKeyError):
        TaskKeys([NEW]).open(wrapped, "t")


def test_the_key_of_one_task_is_none_of_another() -> None:
    keys = TaskKeys([NEW])
    with pytest.raises(WrongKeyError):
        keys.open(keys.new("t"), "other")


def test_the_name_of_a_file_tells_its_content_to_nobody_without_the_key() -> None:
    keys = TaskKeys([NEW])
    first, second = (keys.open(keys.new("t"), "t") for _ in range(2))
    assert first.address(b"h" * 32) == first.address(b"h" * 32) != second.address(b"h" * 32)
    assert first.address(b"h" * 32) != first.address(b"g" * 32)


def test_no_key_is_in_a_repr() -> None:
    keys = TaskKeys([b"s" * 32])
    assert "ss" not in repr(keys) + repr(keys.open(keys.new("t"), "t"))


@pytest.mark.parametrize("secrets", [[], [b"short"], [NEW, b"short"]])
def test_secrets_are_32_bytes(secrets: list[bytes]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        TaskKeys(secrets)
