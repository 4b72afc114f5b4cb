"""Diagnostics through the protocol: what they say, where, and when."""

from __future__ import annotations

from typing import Any

import pytest

from .talk import BAD, BAD_LINE, GOOD, GROUP, PREAMBLE, RULE, URI, Talk, edit, range_of

START = BAD.index(GROUP)
END = START + len(GROUP)
EMOJI = '"é😀"; '
PULLS: dict[str, Any] = {"textDocument": {"diagnostic": {}}}
PULLS_AGAIN = {**PULLS, "workspace": {"diagnostics": {"refreshSupport": True}}}


async def test_a_finding_in_the_protocols_words(talk: Talk) -> None:
    await talk.start()
    talk.open(PREAMBLE + BAD)
    (item,) = await talk.published(1)
    assert item["range"] == range_of(BAD_LINE, START, BAD_LINE, END)
    assert (item["source"], item["code"], item["severity"]) == ("dryfit", RULE, 1)
    assert item["codeDescription"]["href"].endswith(f"/docs/rules/{RULE}.md")
    message, note, help_text = item["message"].split("\n")
    assert "generator" in message
    assert note.startswith("note: ")
    assert help_text.startswith("help: ")
    assert "tags" not in item


async def test_a_suppression_that_silences_nothing_is_faded(talk: Talk) -> None:
    await talk.start()
    talk.open(f"x = 1  # dryfit: ignore[{RULE}]\n")
    (item,) = await talk.published(1)
    assert (item["code"], item["tags"]) == ("unused-suppression", [1])


@pytest.mark.parametrize(
    ("encodings", "chosen", "width"),
    [
        (None, "utf-16", 7),
        (["utf-16"], "utf-16", 7),
        (["utf-8", "utf-16"], "utf-8", 10),
        (["utf-32", "utf-8", "utf-16"], "utf-32", 6),
        (["utf-7", "utf-8"], "utf-8", 10),
        (["utf-7"], "utf-16", 7),
    ],
)
async def test_columns_behind_an_emoji(talk: Talk, encodings: list[str] | None, chosen: str, width: int) -> None:
    result = await talk.start({"general": {"positionEncodings": encodings}} if encodings else {})
    assert result["capabilities"]["positionEncoding"] == chosen
    talk.open(PREAMBLE + EMOJI + BAD)
    (item,) = await talk.published(1)
    assert item["range"] == range_of(BAD_LINE, width + START, BAD_LINE, width + END)
    # The other way: an edit behind the emoji, in the client's units, makes it good.
    before, after = width + START, width + END
    talk.change(
        [edit(BAD_LINE, after, BAD_LINE, after, "}"), edit(BAD_LINE, before, BAD_LINE, before, '{"params": ')], 2
    )
    assert await talk.published(2) == []


async def test_a_finding_moves_with_the_text_and_goes_with_its_cause(talk: Talk) -> None:
    await talk.start()
    talk.open(PREAMBLE + BAD)
    await talk.published(1)
    talk.change([edit(0, 0, 0, 0, "\n\n")], 2)
    (item,) = await talk.published(2)
    assert item["range"]["start"]["line"] == BAD_LINE + 2
    talk.change([edit(BAD_LINE + 2, 0, BAD_LINE + 3, 0, GOOD)], 3)
    assert await talk.published(3) == []


async def test_while_the_code_is_broken_the_finding_stays_and_moves(talk: Talk) -> None:
    await talk.start({"textDocument": {"publishDiagnostics": {"versionSupport": True}}})
    talk.open(PREAMBLE + "\n\n\n" + BAD)
    place = BAD_LINE + 3
    assert [item["range"]["start"]["line"] for item in await talk.published(1)] == [place]
    version = 1
    for typed in "print((":
        version += 1
        talk.change([edit(BAD_LINE, "print((".index(typed), BAD_LINE, "print((".index(typed), typed)], version)
        assert [item["code"] for item in await talk.published(version)] == [RULE]
    talk.change([edit(BAD_LINE, 0, BAD_LINE, 0, "\n")], version + 1)
    (item,) = await talk.published(version + 1)
    assert item["range"]["start"]["line"] == place + 1
    talk.change([edit(BAD_LINE + 1, 0, BAD_LINE + 1, 7, "")], version + 2)
    await talk.published(version + 2)
    talk.change([edit(place + 1, END, place + 1, END, ", net.a.parameters()")], version + 3)
    assert len(await talk.published(version + 3)) == 2


async def test_line_ends_of_other_systems(talk: Talk) -> None:
    await talk.start()
    talk.open((PREAMBLE + BAD).replace("\n", "\r\n"))
    assert [item["range"] for item in await talk.published(1)] == [range_of(BAD_LINE, START, BAD_LINE, END)]
    talk.change([edit(0, 0, 0, 0, "# \u2028 no line ends here\r\n")], 2)
    assert [item["range"] for item in await talk.published(2)] == [range_of(BAD_LINE + 1, START, BAD_LINE + 1, END)]


async def test_the_whole_text_anew_and_several_changes_in_one(talk: Talk) -> None:
    await talk.start()
    talk.open("")
    assert await talk.published(1) == []
    talk.change([{"text": PREAMBLE + BAD}], 2)
    assert [item["code"] for item in await talk.published(2)] == [RULE]
    talk.change([edit(0, 0, 0, 0, "\n"), edit(0, 0, 0, 0, "x = 1"), {"text": PREAMBLE + GOOD}], 3)
    assert await talk.published(3) == []


async def test_what_counts_is_the_text_in_the_editor(talk: Talk, tmp_path: object) -> None:
    await talk.start()
    path = f"{tmp_path}/train.py"
    with open(path, "w", encoding="utf-8") as file:
        file.write(PREAMBLE + GOOD)
    uri = f"file://{path}"
    talk.open(PREAMBLE + BAD, uri)
    assert [item["code"] for item in await talk.published(1, uri)] == [RULE]


async def test_rename_close_and_reopen(talk: Talk) -> None:
    await talk.start()
    renamed = URI.replace("train", "learn")
    talk.open(PREAMBLE + BAD)
    await talk.published(1)
    talk.notify("textDocument/didSave", {"textDocument": {"uri": URI}})
    talk.close()
    talk.open(PREAMBLE + BAD, renamed)
    assert [item["code"] for item in await talk.published(1, renamed)] == [RULE]
    assert talk.diagnostics[URI] == {"uri": URI, "diagnostics": []}
    talk.open(PREAMBLE + BAD, version=7)
    assert [item["code"] for item in await talk.published(7)] == [RULE]


async def test_one_document_under_two_spellings_of_its_address(talk: Talk) -> None:
    await talk.start()
    talk.open(PREAMBLE + BAD, "file:///project/a%20b%3A.py")
    assert [item["code"] for item in await talk.published(1, "file:///project/a%20b%3A.py")] == [RULE]
    talk.change([{"text": ""}], 2, "file:///project/a%20b:.py")
    assert await talk.published(2, "file:///project/a%20b%3A.py") == []


# -- Pull


async def test_pull_instead_of_push(talk: Talk) -> None:
    capabilities = (await talk.start(PULLS))["capabilities"]
    assert capabilities["diagnosticProvider"] == {
        "identifier": "dryfit",
        "interFileDependencies": True,
        "workspaceDiagnostics": True,
    }
    talk.open(PREAMBLE + BAD)
    report = await talk.pull()
    assert (report["kind"], [item["code"] for item in report["items"]]) == ("full", [RULE])
    assert await talk.pull(previous=report["resultId"]) == {"kind": "unchanged", "resultId": report["resultId"]}
    talk.change([edit(BAD_LINE, 0, BAD_LINE + 1, 0, GOOD)], 2)
    assert (await talk.pull(previous=report["resultId"]))["items"] == []
    assert talk.diagnostics == {}


async def test_push_only_if_the_client_cannot_pull(talk: Talk) -> None:
    assert "diagnosticProvider" not in (await talk.start())["capabilities"]


async def test_the_workspace_are_the_open_files(talk: Talk) -> None:
    await talk.start(PULLS)
    other = "file:///project/other.py"
    talk.open(PREAMBLE + BAD)
    talk.open("", other)
    items = (await talk.request("workspace/diagnostic", {"previousResultIds": []}))["items"]
    assert [(item["uri"], item["kind"], len(item["items"])) for item in items] == [(URI, "full", 1), (other, "full", 0)]
    talk.close(other)
    known = [{"uri": item["uri"], "value": item["resultId"]} for item in items]
    items = (await talk.request("workspace/diagnostic", {"previousResultIds": known}))["items"]
    assert items == [
        {"uri": URI, "kind": "unchanged", "resultId": known[0]["value"], "version": 1},
        {"uri": other, "kind": "full", "items": [], "version": None},
    ]


async def test_what_is_found_at_idle_is_told_to_who_pulled_before(talk: Talk) -> None:
    """An edit in one function changes what is true of another one, which is judged when nobody types."""
    await talk.start(PULLS_AGAIN)
    body = "def groups(net):\n    return {}\n\n\ndef build():\n    net = Net()\n    torch.optim.Adam([groups(net)])\n"
    talk.open(PREAMBLE + body.format('{"params": net.a.parameters()}'))
    first = await talk.pull()
    assert first["items"] == []
    line = (PREAMBLE + body).split("\n").index("    return {}")
    talk.change([edit(line, 11, line, 100, "net.a.parameters()")], 2)
    await talk.until(lambda: talk.said("workspace/diagnostic/refresh"))
    assert [item["code"] for item in (await talk.pull(previous=first["resultId"]))["items"]] == [RULE]
