"""What a walk remembers beside its state: the loops around the present point, and what was called where."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dryfit.semantic.values import Ref, Site, Value
from dryfit.syntax import tree

if TYPE_CHECKING:
    from dryfit.semantic.evaluator import Frame
    from dryfit.semantic.modes import Called


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop around a point, and the function it stands in. `iterated`: the object it draws from, if that is one."""

    number: int
    node: tree.For | tree.While
    frame: Frame
    iterated: Ref | None
    bound: Value | None  # of `for i in range(bound)`
    bound_text: str


@dataclass(frozen=True, slots=True)
class Length:
    """How many steps a scheduler is told there will be: the argument's name, its value, and how it is written.

    `counted`: whose `len()` is in it. `frame`: the serial of the function in which it is written, at `site`.
    """

    name: str
    value: Value
    text: str
    counted: frozenset[str]
    frame: str
    site: Site


@dataclass(slots=True)
class Watch:
    """What is noted on the way.

    `regained`: how many of the blocks without gradients are undone. `passes`: of loops, so far. `states`: the state
    dicts that were taken. `asking`: modules that asked for their own mode. `backwards`: how many ran so far;
    `backwards_at`: before the mode was set at a place. `trained_loops`: loops that run backward or step, and what
    they draw from; `trained_nodes`: the loops themselves, each with the serial of its function; `nested`: the loops
    around them. `lengths`: of schedulers. `dropped`: the statement that is an expression alone, `assigned`: the
    assignment, whose value is being worked out. `decided`: the functions, by serial, in which an `if` around this point
    stands whose test came out by what is known.
    """

    loops: list[Loop] = field(default_factory=list)
    regained: int = 0
    passes: int = 0
    called: list[Called] = field(default_factory=list)
    forwards: int = 0
    states: set[Ref] = field(default_factory=set)
    asking: list[Ref] = field(default_factory=list)
    backwards: int = 0
    backwards_at: dict[Site, int] = field(default_factory=dict)
    trained_loops: dict[int, Ref | None] = field(default_factory=dict)
    trained_nodes: dict[int, tuple[tree.For | tree.While, str]] = field(default_factory=dict)
    nested: dict[int, tuple[int, ...]] = field(default_factory=dict)
    lengths: dict[Ref, Length] = field(default_factory=dict)
    dropped: tree.Expression | None = None
    assigned: tree.Assign | None = None
    decided: list[str] = field(default_factory=list)

    def train_here(self) -> None:
        """A backward, or a step of an optimizer: the innermost loop trains."""
        if self.loops:
            *around, inner = self.loops
            self.trained_loops[inner.number] = inner.iterated
            self.trained_nodes[inner.number] = (inner.node, inner.frame.serial)
            self.nested[inner.number] = tuple(loop.number for loop in around)
