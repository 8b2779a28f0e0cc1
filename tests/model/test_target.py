"""Target expressions select what they say, or say why not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_tui.model.errors import TargetError
from fleet_tui.model.host import Host, Role
from fleet_tui.model.target import complete, fold, resolve, token_start
from fleet_tui.model.text import sanitize


def host(name: str, *groups: str, role: Role = "worker", tier: str | None = None) -> Host:
    return Host(name, groups=groups, roles=frozenset({role}), tier=tier)


FLEET = (
    host("cc-pc", "desk", role="primary"),
    host("hs-pc", "desk", role="secondary"),
    host("nas1", "nas", "home", tier="storage"),
    host("nas2", "nas", tier="storage"),
    *(host(f"web{number:02d}", "web", "rack1") for number in range(1, 6)),
    host("r1n01", "rack2"),
    host("r1n02", "rack2"),
    host("r2n01", "rack2"),
    host("10.0.0.1"),
)
ALL = tuple(each.name for each in FLEET)


@pytest.mark.parametrize(
    ("expression", "selected"),
    [
        ("nas1", "nas1"),
        ("all", " ".join(ALL)),
        ("*", " ".join(ALL)),
        ("@all", " ".join(ALL)),
        ("nas?", "nas1 nas2"),
        ("*pc", "cc-pc hs-pc"),
        ("@desk", "cc-pc hs-pc"),
        ("@rack[1-2]&r*", "r1n01 r1n02 r2n01"),
        ("@n*", "nas1 nas2"),
        ("%primary", "cc-pc"),
        ("%*ary", "cc-pc hs-pc"),
        ("^storage", "nas1 nas2"),
        ("^stor*!@home", "nas2"),
        ("web[01-03]", "web01 web02 web03"),
        ("web[01-05/2]", "web01 web03 web05"),
        ("web[01,04-05]", "web01 web04 web05"),
        ("web0[1-3]", "web01 web02 web03"),
        ("r[1-1]n[01-02],r2n01", "r1n01 r1n02 r2n01"),
        ("10.0.0.[1-1]", "10.0.0.1"),
        ("web02,web01,web02", "web01 web02"),
        ("@web!web[01-04]", "web05"),
        ("@nas&@home", "nas1"),
        ("nas1,@web&web01", "web01"),
        ("nas1,(@web&web01)", "nas1 web01"),
        ("all!(@web,@rack2)!%primary", "hs-pc nas1 nas2 10.0.0.1"),
        ("all!%hub&nas1", "nas1"),
        ("  nas1 ,\tnas2 ", "nas1 nas2"),
        ("web[ 01 - 02 , 04 ]", "web01 web02 web04"),
    ],
)
def test_selects(expression: str, selected: str) -> None:
    assert resolve(expression, FLEET) == tuple(selected.split())


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", "the target is empty (name hosts, @groups, %roles or ^tiers, or write all)"),
        ("nsa1", "no host is called 'nsa1' (did you mean 'nas1'?)"),
        ("NAS1", "no host is called 'NAS1' (did you mean 'nas1'?)"),
        ("desk", "no host is called 'desk' (did you mean '@desk'?)"),
        ("primary", "no host is called 'primary' (did you mean '%primary'?)"),
        ("@nas1", "there is no group '@nas1' (did you mean 'nas1'?)"),
        ("@dsek", "there is no group '@dsek' (did you mean '@desk'?)"),
        ("@zzz", "there is no group '@zzz' (groups are @desk,@nas,@home,@web,@rack[1-2])"),
        (
            "%boss",
            "there is no role '%boss' (roles are %primary, %secondary, %worker, %hub)",
        ),
        ("^storge", "there is no tier '^storge' (did you mean '^storage'?)"),
        ("^", "target '^', position 2: the name of a tier is missing after '^'"),
        ("web[04-08]", "no host is called 'web[06-08]' (did you mean 'web05'?)"),
        ("web01,foo,@bar9,zzz*", "no host is called 'foo'; there is no group '@bar9'; "
         "nothing matches 'zzz*' (hosts are cc-pc,hs-pc,nas[1-2],web[01-05],r1n[01-02],r2n01,"
         "10.0.0.1)"),
        ("all!nsa*", "nothing matches 'nsa*'"),
        ("%hub", "target '%hub' selects no host: no host has the role 'hub'"),
        (
            "@desk,@nas&@web",
            "target '@desk,@nas&@web' selects no host: "
            "'@desk,@nas' and '@web' have no host in common",
        ),
        (
            "@nas!nas*",
            "target '@nas!nas*' selects no host: 'nas*' takes away all that '@nas' selects",
        ),
        ("nas1,", "target 'nas1,', position 6: the expression ends where a host, "
         "@group, %role or ^tier belongs"),
        ("all,!nas1", "target 'all,!nas1', position 5: found '!' where a host, @group, %role "
         "or ^tier belongs ('everything but x' is written all!x)"),
        ("nas1 nas2", "target 'nas1 nas2', position 6: an operator belongs here "
         "(join with ',' (and also), '&' (only those in both) or '!' (but not))"),
        ("(nas1", "target '(nas1', position 1: this '(' is never closed"),
        ("nas1)", "target 'nas1)', position 5: found ')' that closes nothing"),
        ("web[01", "target 'web[01', position 4: this '[' is never closed "
         "(a range is written web[01-03])"),
        ("web01]", "target 'web01]', position 6: found ']' that closes nothing"),
        ("web[01,x]", "target 'web[01,x]', position 8: found 'x' where a number or a range like "
         "01-20 or 1-10/3 belongs"),
        ("web[]", "target 'web[]', position 5: found nothing where a number or a range like "
         "01-20 or 1-10/3 belongs"),
        ("web[5-1]", "target 'web[5-1]', position 5: the range 5-1 runs backwards"),
        ("web[1-9/0]", "target 'web[1-9/0]', position 5: a step must be 1 or more"),
        ("web[01-003]", "target 'web[01-003]', position 5: 01 and 003 are padded to "
         "different widths"),
        ("web[1-9999999]", "target 'web[1-9999999]', position 1: this stands for more than "
         "65536 names"),
        ("a[1-60000]b[1-60000]", "target 'a[1-60000]b[1-60000]', position 1: this stands for "
         "more than 65536 names"),
        ("x[1-2000]*", "target 'x[1-2000]*', position 1: this stands for more than 1000 globs"),
        (f"x[{'9' * 19}]", f"target 'x[{'9' * 19}]', position 3: a number has more than 18 digits"),
        ("root@nas1", "target 'root@nas1', position 5: '@' may only begin a group's name "
         "(a user stands in fleet.toml or ~/.ssh/config, not in a target)"),
        ("@", "target '@', position 2: the name of a group is missing after '@'"),
        ("%,nas1", "target '%,nas1', position 2: the name of a role is missing after '%'"),
        ("nas1;reboot", "target 'nas1;reboot', position 5: ';' cannot be part of a name"),
        ("nas1\x1b[2J", "target 'nas1', position 5: '\ufffd' cannot be part of a name"),
    ],
)  # fmt: skip
def test_says_exactly_what_is_wrong(expression: str, message: str) -> None:
    with pytest.raises(TargetError) as caught:
        resolve(expression, FLEET)
    assert str(caught.value) == message
    is_readable = "position" not in message and "empty" not in message
    assert caught.value.exit_code == (3 if is_readable else 2)


def test_an_empty_fleet_is_said() -> None:
    with pytest.raises(TargetError, match="the fleet has no hosts"):
        resolve("all", ())


def test_deep_nesting_is_refused_not_fatal() -> None:
    assert resolve("(" * 50 + "nas1" + ")" * 50, FLEET) == ("nas1",)
    with pytest.raises(TargetError, match="more than 50 parentheses"):
        resolve("(" * 5_000, FLEET)


def test_a_glob_of_many_stars_does_not_hang() -> None:
    long_name = "a" * 128
    with pytest.raises(TargetError, match="nothing matches"):
        resolve("*a" * 60 + "b", (host(long_name),))


def test_a_thousand_names_resolve_and_fold() -> None:
    names = [f"rack{rack}n{number:03d}" for rack in range(10) for number in range(100)]
    fleet = [host(name) for name in names]
    assert fold(names) == "rack[0-9]n[000-099]"
    assert resolve(fold(names), fleet) == resolve(",".join(names), fleet) == tuple(names)


operators = st.sampled_from([",", "&", "!", " , ", "(", ")", "[", "]", "-", "/", "@", "%"])
words = st.one_of(
    st.sampled_from([*ALL, "all", "@desk", "@web", "%worker", "nas*", "web[01-03]", "*", "?", "9"]),
    st.text(max_size=4),
)


@settings(deadline=None, max_examples=1_000)
@given(st.lists(st.one_of(words, operators), max_size=12).map("".join))
def test_any_text_selects_or_raises_a_target_error(expression: str) -> None:
    try:
        selected = resolve(expression, FLEET)
    except TargetError as error:
        said = str(error)
    else:
        said = ""
        assert selected == tuple(name for name in ALL if name in selected) != ()
    assert sanitize(said) == said
    assert "\n" not in said


@st.composite
def trees(draw: st.DrawFn) -> tuple[str, frozenset[str]]:
    """Draw an expression with the set that the three operators make of it."""
    leaf = st.sampled_from(
        [(name, frozenset({name})) for name in ALL]
        + [("all", frozenset(ALL)), ("@nas", frozenset({"nas1", "nas2"})), ("%hub", frozenset())]
    )
    branch = st.recursive(
        leaf,
        lambda inner: st.tuples(inner, st.sampled_from(",&!"), inner).map(_joined),
        max_leaves=8,
    )
    return draw(branch)


def _joined(
    parts: tuple[tuple[str, frozenset[str]], str, tuple[str, frozenset[str]]],
) -> tuple[str, frozenset[str]]:
    (left, a), operator, (right, b) = parts
    result = {",": a | b, "&": a & b, "!": a - b}[operator]
    return f"({left}{operator}{right})", result


@settings(deadline=None, max_examples=500)
@given(trees())
def test_operators_are_those_of_sets(tree: tuple[str, frozenset[str]]) -> None:
    expression, expected = tree
    if expected:
        assert frozenset(resolve(expression, FLEET)) == expected
    else:
        with pytest.raises(TargetError, match=r"selects no host: \S"):
            resolve(expression, FLEET)


@given(
    st.lists(st.sampled_from(ALL), min_size=3, max_size=3), st.text(",&!", min_size=2, max_size=2)
)
def test_without_parentheses_the_left_comes_first(names: list[str], joints: str) -> None:
    flat = f"{names[0]}{joints[0]}{names[1]}{joints[1]}{names[2]}"
    grouped = f"({names[0]}{joints[0]}{names[1]}){joints[1]}{names[2]}"
    assert _outcome(flat) == _outcome(grouped)


def _outcome(expression: str) -> tuple[str, ...] | None:
    try:
        return resolve(expression, FLEET)
    except TargetError:
        return None


@pytest.mark.parametrize(
    ("prefix", "offered"),
    [
        ("n", ("nas1", "nas2", "@nas")),
        ("nas1,na", ("nas1", "nas2", "@nas")),
        ("all!@d", ("@desk",)),
        ("(%p", ("%primary",)),
        ("HS", ("hs-pc",)),
        ("a", ("all",)),
        ("sec", ("%secondary",)),
        ("%h", ()),
        ("^st", ("^storage",)),
        ("stor", ("^storage",)),
        ("nas1 ", ()),
        ("nas1", ()),
        ("web[01-", ()),
        ("web[01,0", ()),
        ("web*", ()),
        ("nas1)na", ()),
    ],
)
def test_completes_the_token_under_the_cursor(prefix: str, offered: tuple[str, ...]) -> None:
    assert complete(prefix, FLEET) == offered


def test_an_empty_token_offers_everything_once() -> None:
    offered = complete("nas1, ", FLEET)
    assert offered[: len(ALL)] == ALL
    assert offered[len(ALL) :] == (
        "all", "@desk", "@nas", "@home", "@web", "@rack1", "@rack2",
        "%primary", "%secondary", "%worker", "^storage",
    )  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.one_of(words, operators), max_size=8).map("".join))
def test_every_completion_can_be_put_in(prefix: str) -> None:
    for completion in complete(prefix, FLEET):
        assert resolve(completion, FLEET)
        assert token_start(prefix[: token_start(prefix)] + completion) == token_start(prefix)
