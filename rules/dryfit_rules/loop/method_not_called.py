"""A statement names a method or a context and does not call it.

What it does:
Reports statements that are nothing but a method of a module, an optimizer, a scheduler or a tensor (`optimizer.step`,
`loss.backward`, `model.eval`), and contexts of torch that are entered without being called (`with torch.no_grad:`).

Why it matters:
The statement has no effect, and nothing is said: without `optimizer.step()` no weight moves (measured: 0 of 2), without
`model.eval()` dropout and batch norm go on as in training. `with torch.no_grad:` raises `TypeError: 'type' object does
not support the context manager protocol`. As a decorator, `@torch.no_grad` is fine.

Fix safety:
Safe for contexts, which could not have worked. Unsafe for methods: the run will do what it did not do before.

Source:
`torch.optim.Optimizer.step`, `torch.nn.Module.eval`, `torch.no_grad`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    Example,
    Finding,
    Fix,
    Observes,
    Operand,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    facts,
    insert_after,
)

TITLE = "call it"
NEED_ARGUMENTS = frozenset({"torch.autocast", "torch.amp.autocast", "torch.set_grad_enabled"})
OF_TENSORS = frozenset({"backward", "detach_", "zero_", "requires_grad_", "retain_grad"})
OF_LOOPS = {
    "backward": "no gradient is computed",
    "eval": "the module stays in training mode",
    "step": "nothing is changed",
    "train": "the module stays in the mode it is in",
    "zero_grad": "the gradients stay and add up",
}


def check(model: SemanticModel) -> Iterator[Finding]:
    for fact in model.facts(facts.NotCalled):
        if fact.receiver is None:
            is_complete = fact.name not in NEED_ARGUMENTS
            yield Finding(
                fact.site,
                f"`{fact.name}` is entered without being called",
                "raises TypeError: 'type' object does not support the context manager protocol",
                TITLE if is_complete else "call it with its arguments",
                Fix.safe(TITLE, insert_after(fact.site, "()")) if is_complete else None,
            )
        elif _is_method(model, fact.receiver, fact.name):
            is_alone = _takes_nothing(model, fact.receiver, fact.name)
            yield Finding(
                fact.site,
                f"`{fact.name}` is named here and not called",
                f"the statement has no effect: {OF_LOOPS.get(fact.name, 'the method does not run')}",
                TITLE,
                Fix.unsafe(TITLE, insert_after(fact.site, "()")) if is_alone else None,
            )


def _is_method(model: SemanticModel, receiver: Operand, name: str) -> bool:
    """Does a class of torch or Lightning define it as one? Properties, and what the project sets, are none."""
    if receiver.kind == "tensor":
        return name in OF_TENSORS
    known = [path for path in receiver.class_names if path.startswith(("torch.", "lightning."))]
    return any(model.frameworks.signature(f"{path}.{name}") is not None for path in known[:1]) and name in OF_LOOPS


def _takes_nothing(model: SemanticModel, receiver: Operand, name: str) -> bool:
    """Can it be called without arguments?"""
    if receiver.kind == "tensor":
        return True
    path = next(path for path in receiver.class_names if path.startswith(("torch.", "lightning.")))
    signature = model.frameworks.signature(f"{path}.{name}")
    return signature is not None and not signature.required


RULE = Rule(
    name="method-not-called",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from torch import nn

                net = nn.Linear(4, 1)
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
                before = net.weight.clone()
                for x in torch.randn(3, 8, 4):
                    optimizer.zero_grad()
                    nn.functional.mse_loss(net(x), torch.zeros(8, 1)).backward()
                    optimizer.step
                #   ^^^^^^^^^^^^^^ method-not-called
            """,
            good="""
                import torch
                from torch import nn

                net = nn.Linear(4, 1)
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
                before = net.weight.clone()
                for x in torch.randn(3, 8, 4):
                    optimizer.zero_grad()
                    nn.functional.mse_loss(net(x), torch.zeros(8, 1)).backward()
                    optimizer.step()
            """,
            witness=Observes("torch.equal(net.weight, before)"),
        ),
        Example(
            bad="""
                import torch


                class Net(torch.nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.layers = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Dropout())

                    def forward(self, x):
                        return self.layers(x)


                def evaluate(model, batches):
                    model.eval
                #   ^^^^^^^^^^ method-not-called
                    with torch.no_grad():
                        return [model(x) for x in batches]


                net = Net()
                outputs = evaluate(net, [torch.randn(2, 4)])
            """,
            good="""
                import torch


                class Net(torch.nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.layers = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Dropout())

                    def forward(self, x):
                        return self.layers(x)


                def evaluate(model, batches):
                    model.eval()
                    with torch.no_grad():
                        return [model(x) for x in batches]


                net = Net()
                outputs = evaluate(net, [torch.randn(2, 4)])
            """,
            witness=Observes("net.training"),
        ),
        Example(
            bad="""
                import torch as t

                net = t.nn.Linear(4, 2)
                with t.no_grad:
                #    ^^^^^^^^^ method-not-called
                    output = net(t.randn(3, 4))
            """,
            good="""
                import torch as t

                net = t.nn.Linear(4, 2)
                with t.no_grad():
                    output = net(t.randn(3, 4))
            """,
            witness=Raises("TypeError", "does not support the context manager protocol"),
        ),
        Example(
            bad="""
                import torch
                from torch import nn


                def step(net, optimizer, x, y):
                    loss = nn.functional.mse_loss(net(x), y)
                    loss.backward
                #   ^^^^^^^^^^^^^ method-not-called
                    optimizer.step()


                net = nn.Linear(4, 1)
                step(net, torch.optim.Adam(net.parameters()), torch.randn(8, 4), torch.zeros(8, 1))
            """,
            good="""
                import torch
                from torch import nn


                def step(net, optimizer, x, y):
                    loss = nn.functional.mse_loss(net(x), y)
                    loss.backward()
                    optimizer.step()


                net = nn.Linear(4, 1)
                step(net, torch.optim.Adam(net.parameters()), torch.randn(8, 4), torch.zeros(8, 1))
            """,
            witness=Observes("net.weight.grad is None"),
        ),
    ),
    near_misses=(
        # A decorator without parentheses is fine, and so is a method that is handed on.
        """
        import torch


        @torch.no_grad
        def predict(net, x):
            return net(x)


        net = torch.nn.Linear(4, 2)
        step = torch.optim.SGD(net.parameters(), lr=0.1).step
        callbacks = [net.eval, step]
        predict(net, torch.randn(3, 4))
        """,
        # A context that was made before.
        """
        import torch

        quiet = torch.no_grad()
        with quiet, torch.random.fork_rng():
            output = torch.nn.Linear(4, 2)(torch.randn(3, 4))
        """,
        # A property of the project that does something when it is read, and an object that is not known.
        """
        import torch


        class Net(torch.nn.Module):
            @property
            def step(self):
                self.steps = getattr(self, "steps", 0) + 1
                return self.steps


        class Engine:
            step = eval = property(lambda self: 1)


        def warm(engine):
            engine.step
            engine.eval


        net = Net()
        net.step
        net.training
        warm(Engine())
        """,
    ),
    is_fixable=True,
)
