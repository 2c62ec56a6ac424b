import pytest
from sqlalchemy import Engine


@pytest.mark.parametrize("empty", ["postgresql"], indirect=True)
@pytest.mark.usefixtures("empty")
def test_a_machine_that_does_not_answer_any_more_is_given_up_by_this_one(reader: Engine) -> None:
    """It keeps no limit of a statement. Nobody pulls a cable here: what libpq was told is looked at."""
    with reader.connect() as connection:
        told = connection.connection.driver_connection.get_dsn_parameters()  # type: ignore[union-attr]
    assert told["keepalives"] == "1"
    quiet = int(told["keepalives_idle"]) + int(told["keepalives_interval"]) * int(told["keepalives_count"])
    assert quiet <= 10
    assert 0 < int(told["tcp_user_timeout"]) <= 5000
