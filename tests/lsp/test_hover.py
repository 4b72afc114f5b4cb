"""Hover on findings and on suppression comments."""

from __future__ import annotations

from .talk import BAD, BAD_LINE, GROUP, PREAMBLE, RULE, VS_CODE, Talk, range_of

START = BAD.index(GROUP)
END = START + len(GROUP)


async def test_on_a_finding(talk: Talk) -> None:
    await talk.start(VS_CODE)
    talk.open(PREAMBLE + BAD)
    (item,) = await talk.published(1)
    hover = await talk.hover(BAD_LINE, END)
    assert hover["range"] == range_of(BAD_LINE, START, BAD_LINE, END)
    assert hover["contents"]["kind"] == "markdown"
    fact, note, help_text, link = hover["contents"]["value"].split("\n\n")
    message = item["message"].split("\n")
    assert fact == f"**error**: {message[0]}"
    assert note == "**note**: " + message[1].removeprefix("note: ")
    assert help_text == "**help**: " + message[2].removeprefix("help: ")
    assert link.startswith(f"[{RULE}]({item['codeDescription']['href']}): ")
    assert await talk.hover(BAD_LINE, START - 1) is None


async def test_in_plain_text(talk: Talk) -> None:
    await talk.start({"textDocument": {"hover": {"contentFormat": ["plaintext"]}}})
    talk.open(PREAMBLE + BAD)
    await talk.published(1)
    contents = (await talk.hover(BAD_LINE, START))["contents"]
    assert contents["kind"] == "plaintext"
    assert contents["value"].startswith("error: ")
    assert "**" not in contents["value"]


async def test_on_a_suppression(talk: Talk) -> None:
    await talk.start(VS_CODE)
    line = f"{BAD.rstrip()}  # dryfit: ignore[{RULE}, optimizer, made-up]"
    talk.open(PREAMBLE + line + "\nx = '# dryfit: ignore[a string]'\n")
    await talk.published(1)
    hover = await talk.hover(BAD_LINE, line.index("# dryfit"))
    assert hover["range"] == range_of(BAD_LINE, line.index("# dryfit"), BAD_LINE, len(line))
    first, rule, family, unknown = hover["contents"]["value"].split("\n\n")
    assert first == "Silences here:"
    assert rule.startswith(f"[{RULE}](")
    assert family == "`optimizer`: all rules of this family."
    assert unknown == "`made-up`: no rule or family is called so."
    assert await talk.hover(BAD_LINE + 1, 10) is None


async def test_on_a_suppression_of_the_whole_file_or_of_nothing(talk: Talk) -> None:
    await talk.start(VS_CODE)
    talk.open(f"# dryfit: ignore-file[{RULE}]\nx = 1  # dryfit: ignore\n")
    await talk.published(1)
    assert (await talk.hover(0, 5))["contents"]["value"].startswith("Silences in this file:")
    assert (await talk.hover(1, 10))["contents"]["value"].startswith("Silences nothing")


async def test_where_there_is_nothing_to_say(talk: Talk) -> None:
    await talk.start(VS_CODE)
    talk.open("")
    assert await talk.hover(0, 0) is None
