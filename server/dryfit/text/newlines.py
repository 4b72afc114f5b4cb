"""How lines end. Inside, always with `\\n`: line and column numbers are the same either way."""


def normalised(text: str) -> str:
    r"""The text with `\r\n` and a lone `\r`, which end a line in Python too, replaced by `\n`."""
    if "\r" not in text:
        return text
    return text.replace("\r\n", "\n").replace("\r", "\n")
