import pytest

from bot.errors import InvalidInputError
from bot.scoring import validation
from schedules.rule_set import default_rules
from tests.support.scoring import rules

RULES = default_rules()


def test_litres_per_litre_become_percent():
    assert validation.check_hct(0.385, "L/L", RULES) == validation.check_hct(38.5, "%", RULES)


@pytest.mark.parametrize(
    ("check", "code", "names"),
    [
        (lambda: validation.check_hct(38.5, None, RULES), "hct_unit_required", ["38.5", "%", "L/L"]),
        (lambda: validation.check_hct(0.385, "%", RULES), "hct_out_of_range", ["0.385 %", "10-70 %"]),
        (lambda: validation.check_hct(38.5, "L/L", RULES), "hct_out_of_range", ["38.5 L/L", "10-70 %"]),
        (lambda: validation.check_hct("high", "%", RULES), "hct_out_of_range", ["high"]),
        (lambda: validation.check_weight(6.1, RULES), "weight_out_of_range", ["6.1 kg", "25-250 kg"]),
        (lambda: validation.check_height(1.75, RULES), "height_out_of_range", ["1.75 cm", "120-220 cm"]),
        (lambda: validation.check_weight(float("nan"), RULES), "weight_out_of_range", ["finite"]),
        (lambda: validation.check_stools(2.5, RULES), "stools_not_integer", ["2.5", "0-50"]),
        (lambda: validation.check_stools(True, RULES), "stools_not_integer", ["True"]),
        (lambda: validation.check_stools(51, RULES), "stools_out_of_range", ["51", "0-50"]),
        (lambda: validation.check_stools(-1, RULES), "stools_out_of_range", ["-1", "0-50"]),
        (lambda: validation.check_pain(4), "pain_out_of_range", ["4", "0-3"]),
        (lambda: validation.check_wellbeing(5), "wellbeing_out_of_range", ["5", "0-4"]),
        (lambda: validation.check_mass(5), "mass_code_invalid", ["5", "none, questionable, definite"]),
        (lambda: validation.check_mass("0.4"), "mass_code_invalid", ["0.4"]),
        (lambda: validation.check_standard_weight(0), "standard_weight_invalid", ["0 kg"]),
        (lambda: validation.check_complications(["headache"]), "complication_unknown", ["headache"]),
    ],
)
def test_a_refusal_has_a_code_and_names_value_range_and_unit(check, code, names):
    with pytest.raises(InvalidInputError) as refused:
        check()
    assert refused.value.code == code
    assert all(name in refused.value.message for name in names)


def test_findings_of_one_group_count_once():
    findings = ["erythema_nodosum", "aphthous_stomatitis", "arthralgia"]
    assert validation.check_complications(findings) == ("arthritis_arthralgia", "skin_mouth")


def test_unusual_values_need_confirmation_by_the_rule_set():
    assert validation.is_unusual("stools", 16, RULES)
    assert not validation.is_unusual("stools", 15, RULES)
    assert validation.is_unusual("hct_percent", 19.9, RULES)
    assert not validation.is_unusual("stools", 16, rules(usual={"stools": [0, 20]}))
