import pytest

from school.domain.decisions import Decision, Reason, allow, refuse


def test_what_is_allowed_is_true_and_has_no_reason() -> None:
    decision = allow("rule")
    assert decision
    assert decision.allowed
    assert decision == Decision(reason=None, rule="rule")


@pytest.mark.parametrize("reason", Reason)
def test_what_is_refused_is_false_and_names_reason_and_rule(reason: Reason) -> None:
    decision = refuse(reason, "rule")
    assert not decision
    assert not decision.allowed
    assert (decision.reason, decision.rule) == (reason, "rule")


def test_a_decision_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        allow("rule").rule = "another"  # type: ignore[misc]


def test_reasons_are_written_as_the_texts_name_them() -> None:
    assert all(reason.value == reason.name.lower() for reason in Reason)
