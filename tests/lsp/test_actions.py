"""Code actions: what is offered, and what the text is afterwards."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from .talk import BAD, BAD_LINE, GOOD, GROUP, PREAMBLE, RULE, URI, VS_CODE, Talk, edit, edited, range_of

TEXT = PREAMBLE + BAD
IN_THE_GROUP = (BAD_LINE, BAD.index(GROUP) + 3)
TWO = TEXT + BAD.replace("optimizer", "another")
IGNORE = f"Ignore {RULE} on this line"
FIX_ALL = "source.fixAll.dryfit"


@pytest.fixture
async def code(talk: Talk) -> Talk:
    """A client that does all that VS Code does."""
    await talk.start(VS_CODE)
    return talk


async def shown(talk: Talk, text: str) -> None:
    talk.open(text)
    await talk.published(1)


async def resolved(talk: Talk, action: dict[str, Any]) -> list[dict[str, Any]]:
    """The edits of an action that has none yet."""
    assert "edit" not in action
    (change,) = (await talk.request("codeAction/resolve", action))["edit"]["documentChanges"]
    assert change["textDocument"] == {"uri": URI, "version": 1}
    edits: list[dict[str, Any]] = change["edits"]
    return edits


async def the_action(talk: Talk, title: str, place: tuple[int, int] = IN_THE_GROUP) -> dict[str, Any]:
    return next(action for action in await talk.actions(place) if action["title"] == title)


async def test_a_fix_is_resolved_when_it_is_asked_for(code: Talk) -> None:
    await shown(code, TEXT)
    fix, *_ = await code.actions(IN_THE_GROUP)
    assert (fix["kind"], fix["isPreferred"]) == ("quickfix", True)
    assert fix["diagnostics"] == code.diagnostics[URI]["diagnostics"]
    assert edited(TEXT, await resolved(code, fix)) == PREAMBLE + GOOD


async def test_a_client_that_resolves_nothing_gets_the_edit_at_once(talk: Talk) -> None:
    await talk.start()
    await shown(talk, TEXT)
    fix, *_ = await talk.actions(IN_THE_GROUP)
    assert edited(TEXT, fix["edit"]["changes"][URI]) == PREAMBLE + GOOD


async def test_the_action_is_for_what_was_typed_a_moment_ago(code: Talk) -> None:
    await shown(code, PREAMBLE + GOOD)
    code.change([edit(BAD_LINE, 0, BAD_LINE + 1, 0, BAD)], 2)
    assert [action["title"] for action in await code.actions(IN_THE_GROUP)][-2:-1] == [IGNORE]


async def test_a_fix_of_what_is_not_there_any_more(code: Talk) -> None:
    await shown(code, TEXT)
    fix, *_ = await code.actions(IN_THE_GROUP)
    code.change([edit(0, 0, 0, 0, "\n")], 2)
    assert (await code.answer("codeAction/resolve", fix))["error"]["code"] == -32801


async def test_the_line_ends_of_the_document_are_those_of_the_edit(code: Talk) -> None:
    text = "x = 1  # dryfit: ignore[unused-suppression]\r\n"
    await shown(code, text.replace("]", ", nothing-like-it]"))
    for action in await code.actions((0, 50)):
        for change in await resolved(code, action):
            assert "\n" not in change["newText"].replace("\r\n", "")


# -- Ignore


async def test_ignore_adds_a_comment(code: Talk) -> None:
    await shown(code, TEXT)
    action = await the_action(code, IGNORE)
    assert action["kind"] == "quickfix"
    after = edited(TEXT, await resolved(code, action))
    assert after == TEXT.replace(BAD, BAD.rstrip("\n") + f"  # dryfit: ignore[{RULE}]\n")
    code.change([{"text": after}], 2)
    assert await code.published(2) == []


async def test_ignore_extends_a_comment(code: Talk) -> None:
    text = TEXT.rstrip("\n") + "  # noqa  # dryfit: ignore[another] for now\n"
    await shown(code, text)
    after = edited(text, await resolved(code, await the_action(code, IGNORE)))
    assert after == text.replace("[another]", f"[another, {RULE}]")


async def test_ignore_does_not_write_into_a_string(code: Talk) -> None:
    """The finding's line ends inside a string: the next line that it touches takes the comment."""
    text = PREAMBLE + BAD.replace("b.parameters()", 'b.parameters("""\n""")')
    await shown(code, text)
    (change,) = await resolved(code, await the_action(code, IGNORE))
    assert change["range"]["start"]["line"] == BAD_LINE + 1


async def test_nothing_offers_to_ignore_an_unused_suppression(code: Talk) -> None:
    await shown(code, f"x = 1  # dryfit: ignore[{RULE}]\n")
    titles = [action["title"] for action in await code.actions((0, 30))]
    assert [title for title in titles if title.startswith("Ignore")] == []
    assert len(titles) == 2


# -- Fix all, and filters


async def test_fix_all(code: Talk) -> None:
    await shown(code, TWO)
    (action,) = await code.actions((0, 0), only=[FIX_ALL])
    assert action["kind"] == FIX_ALL
    assert edited(TWO, await resolved(code, action)) == PREAMBLE + GOOD + GOOD.replace("optimizer", "another")


async def test_fix_all_with_nothing_to_fix(code: Talk) -> None:
    await shown(code, PREAMBLE + GOOD)
    assert await code.actions((0, 0), only=[FIX_ALL]) == []


@pytest.mark.parametrize(
    ("only", "kinds"),
    [
        (None, {"quickfix", FIX_ALL}),
        ([], {"quickfix", FIX_ALL}),
        ([""], {"quickfix", FIX_ALL}),
        (["quickfix"], {"quickfix"}),
        (["quickfix.other"], set()),
        (["source"], {FIX_ALL}),
        (["source.fixAll"], {FIX_ALL}),
        (["source.fixAll.other", "refactor"], set()),
        (["source.fixAl"], set()),
        (["refactor", FIX_ALL, "quickfix"], {"quickfix", FIX_ALL}),
    ],
    ids=lambda value: repr(sorted(value)) if isinstance(value, set) else repr(value),
)
async def test_only_what_is_asked_for(code: Talk, only: list[str] | None, kinds: set[str]) -> None:
    await shown(code, TEXT)
    assert {action["kind"] for action in await code.actions(IN_THE_GROUP, only)} == kinds


async def test_only_where_it_is_asked_for(code: Talk) -> None:
    await shown(code, TWO)
    assert [action["kind"] for action in await code.actions((0, 0))] == [FIX_ALL]
    params = {"textDocument": {"uri": URI}, "context": {"diagnostics": []}, "range": range_of(0, 0, 99, 0)}
    actions = await code.request("textDocument/codeAction", params)
    assert [action["title"] for action in actions].count(IGNORE) == 2


async def test_what_the_client_sends_back_is_not_changed_but_for_the_edit(code: Talk) -> None:
    await shown(code, TEXT)
    action = await the_action(code, IGNORE)
    before = copy.deepcopy(action)
    after = await code.request("codeAction/resolve", action)
    assert {key: value for key, value in after.items() if key != "edit"} == before
