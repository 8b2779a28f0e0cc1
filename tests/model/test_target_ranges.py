"""Names fold into ranges, and back into the same names."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fleet_tui.model.host import Host
from fleet_tui.model.target import NAME, fold, resolve

numbered = st.from_regex(r"[a-c][0-9]{0,3}(n[0-9]{1,3})?(\.x[0-9]{1,2})?", fullmatch=True)
names = st.one_of(numbered, st.from_regex(NAME, fullmatch=True).map(lambda name: name[:40]))


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("", ""),
        ("nas", "nas"),
        ("web01 web02 web03 nas", "web[01-03],nas"),
        ("web03 web01 nas web02", "web[01-03],nas"),
        ("web1 web3 web9 web10", "web[1,3,9-10]"),
        ("web08 web09 web10", "web[08-10]"),
        ("web98 web99 web100", "web[98-100]"),
        ("w1 w01 w001", "w[1,01,001]"),
        ("r1n01 r1n02 r2n01 r2n02", "r[1-2]n[01-02]"),
        ("r1n01 r1n02 r2n01", "r1n[01-02],r2n01"),
        ("10.0.0.1 10.0.0.2 10.0.1.1 10.0.1.2", "10.0.[0-1].[1-2]"),
        ("a b a", "a,b"),
        ("sn1234567890123456789 sn1234567890123456790",
         "sn1234567890123456789,sn1234567890123456790"),
    ],
)  # fmt: skip
def test_folds(written: str, folded: str) -> None:
    assert fold(written.split()) == folded


@settings(deadline=None, max_examples=1_000)
@given(st.lists(names, min_size=1, max_size=40, unique=True).filter(lambda many: "all" not in many))
@example([f"w{number:02d}" for number in range(1, 121)])
@example(["w0", "w00", "w1", "w01", "w9", "w10", "w09"])
def test_a_folded_set_selects_exactly_itself(many: list[str]) -> None:
    fleet = [Host(name) for name in many]
    assert resolve(fold(many), fleet) == tuple(many)


@settings(deadline=None)
@given(st.lists(numbered, max_size=40))
def test_folding_ignores_order_and_repeats_inside_a_pattern(many: list[str]) -> None:
    assert sorted(fold(many)) == sorted(fold([*many, *reversed(many)]))


def test_a_contiguous_padded_range_is_one_range() -> None:
    assert fold(f"w{number:02d}" for number in range(1, 121)) == "w[01-120]"
