"""Texts that look like Python, more or less, for tests of what must hold for any text."""

from hypothesis import strategies as st

# fmt: off
PIECES = [
    "x = 1\n", "y", "\n", "\n\n", "    ", "\t", "  ", "(", ")", "[", "]", "{", "}",
    '"', "'", '"""', "'''", "\\", "\\\n", "#", "# c\n", 'f"{x}"', '    """doc"""\n',
    "def f(a):\n", "async def g():\n", "class A(B):\n", "    class B:\n", "@d\n", "lambda: 0",
    "if x:\n", "elif y:\n", "else:\n", "try:\n", "except E:\n", "finally:\n", "for i in x:\n", "with a as b:\n",
    "match x:\n    case 1:\n        pass\n", "    return x\n", "    pass\n", "yield", "print x\n",
    "import a\n", "from a import (\n  b,\n)\n", "a = f(\n    1,\n",
    "=", ":", ",", ";", "*", "0", "x" * 9,
    "é", "\U0001f600", "\f", "\v", "\u2028", "\x00", "\r", "\r\n", "\ufeff", "\xa0",
]
# fmt: on
texts = st.lists(st.sampled_from(PIECES), max_size=30).map("".join) | st.text(max_size=40)
