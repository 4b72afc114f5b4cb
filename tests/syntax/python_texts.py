"""Texts that look like Python, more or less, for tests of what must hold for any text."""

from hypothesis import strategies as st

PIECES = [
    "x = 1\n", "y", "\n", "\n\n", "    ", "\t", "  ", "(", ")", "[", "]", "{", "}", '"', "'", '"""', "'''", "\\", "\\\n", "#", "# c\n",
    "def f(a):\n", "class A(B):\n", "    class B:\n", "@d\n", "if x:\n", "elif y:\n", "else:\n", "try:\n", "except E:\n", "finally:\n",
    "for i in x:\n", "    return x\n", "    pass\n", "async def g():\n", "with a as b:\n", "match x:\n    case 1:\n        pass\n",
    "import a\n", "from a import (\n  b,\n)\n", "lambda: 0", 'f"{x}"', "=", ":", ",", "é", "\U0001f600", "\f", "\v", "\u2028", "\x00", "\r", "\r\n", ";",
    '    """doc"""\n', "a = f(\n    1,\n", "yield", "*", "x" * 9, "0", "\ufeff", "\xa0", "print x\n",
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), max_size=30).map("".join) | st.text(max_size=40)
