"""A training loop steps on every pass and never clears the gradients.

What it does:
Reports a loop in which `backward()` and `optimizer.step()` run on every pass and nothing clears the gradients:
neither `zero_grad()` of the optimizer or of its modules, nor `p.grad = None`, nor a helper, a closure or a new
network per pass. Accumulation, where the step is under a condition, is not reported.

Why it matters:
`backward()` adds to the gradients that are there. Without clearing, each step uses the sum over all passes so far
(measured: 5.0 instead of 1.0 after five equal passes), which acts like a rate that grows with time: training diverges
or stalls. Nothing is raised. Clearing once before the loop does not help.

Fix safety:
Unsafe. The loop trains differently from then on.

Source:
`torch.Tensor.backward` accumulates into `.grad`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    Example,
    Finding,
    Fix,
    Observes,
    Related,
    Rule,
    SemanticModel,
    Severity,
    dotted_name,
    facts,
    insert_line_before,
    tree,
)

HELP = "clear the gradients before `backward`"


def check(model: SemanticModel) -> Iterator[Finding]:
    for loop in model.facts(facts.TrainingLoop):
        if loop.clears_gradients is False and loop.steps_every_pass and loop.step is not None:
            related = [Related(loop.step.site, "steps with the sum of all passes so far")]
            if loop.clear_before is not None:
                related.insert(0, Related(loop.clear_before, "cleared here, once before the loop"))
            yield Finding(
                loop.site,
                "this loop steps on every pass and never clears the gradients",
                "`backward` adds to them: each step uses the gradients of all passes before it",
                HELP,
                _fix(model, loop, loop.step),
                tuple(related),
            )


def _fix(model: SemanticModel, loop: facts.TrainingLoop, step: facts.LoopEvent) -> Fix | None:
    """`optimizer.zero_grad()` above the first backward, if both calls are statements of the loop's own body."""
    backward = next((event.site for event in loop.events if event.kind == "backward" and event.is_certain), None)
    name = _optimizer_name(model, step)
    if backward is None or not name or backward[:2] != step.site[:2] or loop.site[:2] != step.site[:2]:
        return None
    start, end = backward.span, step.site.span
    if start.column != end.column or start.line >= end.line or loop.site.span.line >= start.line:
        return None
    return Fix.unsafe(HELP, insert_line_before(backward, f"{name}.zero_grad()"))


def _optimizer_name(model: SemanticModel, step: facts.LoopEvent) -> str:
    """`self.optimizer` in `self.optimizer.step()`; "" if it is more than names and dots."""
    for fact in model.facts(facts.FrameworkCall):
        if fact.site == step.site and fact.name.endswith(".step"):
            function = fact.arguments.call.func
            return dotted_name(function.value) if isinstance(function, tree.Attribute) else ""
    return ""


RULE = Rule(
    name="gradients-never-cleared",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from torch import nn

                layer = nn.Linear(1, 1, bias=False)
                optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
                if __name__ == "__main__":
                    for _ in range(5):
                #   ^^^^^^^^^^^^^^^^^ gradients-never-cleared
                        loss = layer(torch.ones(1, 1)).sum()
                        loss.backward()
                        optimizer.step()
            """,
            good="""
                import torch
                from torch import nn

                layer = nn.Linear(1, 1, bias=False)
                optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
                if __name__ == "__main__":
                    for _ in range(5):
                        loss = layer(torch.ones(1, 1)).sum()
                        optimizer.zero_grad()
                        loss.backward()
                        optimizer.step()
            """,
            witness=Observes("layer.weight.grad.item() == 5.0"),
        ),
        Example(
            bad="""
                import torch


                def train(model, loader, optimizer, criterion):
                    model.train()
                    optimizer.zero_grad()
                    for inputs, targets in loader:
                #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ gradients-never-cleared
                        loss = criterion(model(inputs), targets)
                        loss.backward()
                        optimizer.step()


                model = torch.nn.Linear(4, 2)
                loader = [(torch.ones(8, 4), torch.full((8, 2), 1e6))] * 4
                train(model, loader, torch.optim.SGD(model.parameters(), lr=1e-9), torch.nn.L1Loss())
            """,
            good="""
                import torch


                def train(model, loader, optimizer, criterion):
                    model.train()
                    optimizer.zero_grad()
                    for inputs, targets in loader:
                        loss = criterion(model(inputs), targets)
                        optimizer.zero_grad()
                        loss.backward()
                        optimizer.step()


                model = torch.nn.Linear(4, 2)
                loader = [(torch.ones(8, 4), torch.full((8, 2), 1e6))] * 4
                train(model, loader, torch.optim.SGD(model.parameters(), lr=1e-9), torch.nn.L1Loss())
            """,
            witness=Observes("model.bias.grad[0].item() == -2.0"),
        ),
        Example(
            bad="""
                import torch
                import torch.optim as optim


                class Runner:
                    def __init__(self):
                        self.net = torch.nn.Linear(1, 1, bias=False)
                        self.opt = optim.SGD(self.net.parameters(), lr=0.1)

                    def update(self, loss):
                        loss.backward()
                        self.opt.step()

                    def run(self, passes):
                        done = 0
                        while done < passes:
                    #   ^^^^^^^^^^^^^^^^^^^ gradients-never-cleared
                            self.update(self.net(torch.ones(1, 1)).sum())
                            done += 1


                runner = Runner()
                runner.run(5)
            """,
            good="""
                import torch
                import torch.optim as optim


                class Runner:
                    def __init__(self):
                        self.net = torch.nn.Linear(1, 1, bias=False)
                        self.opt = optim.SGD(self.net.parameters(), lr=0.1)

                    def update(self, loss):
                        self.opt.zero_grad()
                        loss.backward()
                        self.opt.step()

                    def run(self, passes):
                        done = 0
                        while done < passes:
                            self.update(self.net(torch.ones(1, 1)).sum())
                            done += 1


                runner = Runner()
                runner.run(5)
            """,
            witness=Observes("runner.net.weight.grad.item() == 5.0"),
        ),
    ),
    near_misses=(
        # Accumulation over four batches.
        """
        import torch

        net = torch.nn.Linear(1, 1, bias=False)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for i in range(8):
            (net(torch.ones(1, 1)).sum() / 4).backward()
            if (i + 1) % 4 == 0:
                optimizer.step()
                optimizer.zero_grad()
        """,
        # One pass only.
        """
        import torch

        net = torch.nn.Linear(1, 1, bias=False)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for x in torch.ones(4, 1, 1):
            net(x).sum().backward()
            optimizer.step()
            break
        """,
    ),
    is_fixable=True,
)
