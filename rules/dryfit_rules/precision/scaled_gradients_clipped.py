"""Gradients are clipped while they still carry the factor of the gradient scaler.

What it does:
Reports `clip_grad_norm_` or `clip_grad_value_` between `scaler.scale(loss).backward()` and `scaler.step(optimizer)`
in a loop where nothing calls `scaler.unscale_`.

Why it matters:
The scaler multiplies the loss, and so every gradient, by a large factor (65,536 at first). The limit cuts these down,
and `scaler.step` then divides what is left by the factor: the step is tens of thousands of times too small (measured:
norm 0.0000153 instead of 1.0). Nothing is raised.

Fix safety:
Unsafe. The steps become as large as the learning rate says.

Source:
`torch.amp.GradScaler.step` and `unscale_`, torch 2.13.0; "Working with Unscaled Gradients" in torch's AMP examples.
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

SCALERS = ("torch.amp.GradScaler", "torch.cuda.amp.GradScaler")
HELP = "call `unscale_` before clipping"


def check(model: SemanticModel) -> Iterator[Finding]:
    for loop in model.facts(facts.TrainingLoop):
        kinds = [event.kind for event in loop.events]
        if "unscale" in kinds or "backward" not in kinds:
            continue
        for i, event in enumerate(loop.events):
            step = _next_step(model, loop.events[i + 1 :])
            if event.kind == "clip" and step is not None and "backward" in kinds[:i] and _is_scaled(model, step):
                yield Finding(
                    event.site,
                    "gradients are clipped while they are still scaled",
                    "the limit meets gradients some 65,536 times too large: the steps become tiny",
                    HELP,
                    _fix(event, step),
                    (Related(step.site, "the scaler removes its factor only here"),),
                )


def _next_step(model: SemanticModel, events: tuple[facts.LoopEvent, ...]) -> facts.FrameworkCall | None:
    """`scaler.step(...)` of an enabled scaler that nobody else holds, if that is the next step."""
    site = next((event.site for event in events if event.kind == "step"), None)
    for call in model.calls_to(*(f"{scaler}.step" for scaler in SCALERS)):
        if call.site == site and call.receiver is not None and not call.receiver.is_escaped:
            made = call.receiver.arguments
            positions = [key for key in made if isinstance(key, int)]
            enabled = made.get("enabled")
            if "**" not in made and len(positions) < 5 and (enabled is None or enabled.literal is True):
                return call
    return None


def _is_scaled(model: SemanticModel, step: facts.FrameworkCall) -> bool:
    """Did the same scaler scale a loss?"""
    calls = model.calls_to(*(f"{scaler}.scale" for scaler in SCALERS))
    return any(
        call.receiver is not None and step.receiver is not None and call.receiver.is_same(step.receiver)
        for call in calls
    )


def _fix(clip: facts.LoopEvent, step: facts.FrameworkCall) -> Fix | None:
    """`scaler.unscale_(optimizer)` above the clipping, if both calls are statements of one block."""
    call = step.arguments.call
    scaler = dotted_name(call.func.value) if isinstance(call.func, tree.Attribute) else ""
    optimizer = dotted_name(call.arguments[0].value) if call.arguments and not call.arguments[0].stars else ""
    is_one_block = clip.site[:2] == step.site[:2] and clip.site.span.column == step.site.span.column and clip.is_certain
    if not scaler or not optimizer or not is_one_block:
        return None
    return Fix.unsafe(HELP, insert_line_before(clip.site, f"{scaler}.unscale_({optimizer})"))


RULE = Rule(
    name="scaled-gradients-clipped",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from torch import nn

                model = nn.Linear(4, 1, bias=False)
                optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
                scaler = torch.amp.GradScaler("cpu")
                before = model.weight.detach().clone()
                for x in [torch.ones(8, 4)] * 6:
                    optimizer.zero_grad()
                    loss = 100 * model(x).mean()
                    scaler.scale(loss).backward()
                    nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
                #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ scaled-gradients-clipped
                    scaler.step(optimizer)
                    scaler.update()
            """,
            good="""
                import torch
                from torch import nn

                model = nn.Linear(4, 1, bias=False)
                optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
                scaler = torch.amp.GradScaler("cpu")
                before = model.weight.detach().clone()
                for x in [torch.ones(8, 4)] * 6:
                    optimizer.zero_grad()
                    loss = 100 * model(x).mean()
                    scaler.scale(loss).backward()
                    scaler.unscale_(optimizer)
                    nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
                    scaler.step(optimizer)
                    scaler.update()
            """,
            witness=Observes("(model.weight - before).norm().item() < 0.01"),
        ),
        Example(
            bad="""
                import torch
                from torch.amp import GradScaler
                from torch.nn.utils import clip_grad_norm_ as clip


                class Runner:
                    def __init__(self, net):
                        self.net = net
                        self.opt = torch.optim.SGD(net.parameters(), lr=1.0)
                        self.scaler = GradScaler("cpu", enabled=True)

                    def update(self, loss):
                        self.opt.zero_grad(set_to_none=True)
                        self.scaler.scale(loss).backward()
                        clip(self.net.parameters(), 1.0)
                    #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ scaled-gradients-clipped
                        self.scaler.step(self.opt)
                        self.scaler.update()

                    def run(self, batches):
                        for x in batches:
                            self.update(100 * self.net(x).mean())


                net = torch.nn.Linear(4, 1, bias=False)
                before = net.weight.detach().clone()
                Runner(net).run(torch.ones(6, 8, 4))
            """,
            good="""
                import torch
                from torch.amp import GradScaler
                from torch.nn.utils import clip_grad_norm_ as clip


                class Runner:
                    def __init__(self, net):
                        self.net = net
                        self.opt = torch.optim.SGD(net.parameters(), lr=1.0)
                        self.scaler = GradScaler("cpu", enabled=True)

                    def update(self, loss):
                        self.opt.zero_grad(set_to_none=True)
                        self.scaler.scale(loss).backward()
                        self.scaler.unscale_(self.opt)
                        clip(self.net.parameters(), 1.0)
                        self.scaler.step(self.opt)
                        self.scaler.update()

                    def run(self, batches):
                        for x in batches:
                            self.update(100 * self.net(x).mean())


                net = torch.nn.Linear(4, 1, bias=False)
                before = net.weight.detach().clone()
                Runner(net).run(torch.ones(6, 8, 4))
            """,
            witness=Observes("(net.weight - before).norm().item() < 0.01"),
        ),
    ),
    near_misses=(
        # Unscaled in a helper.
        """
        import torch


        def prepare(scaler, optimizer):
            scaler.unscale_(optimizer)


        net = torch.nn.Linear(4, 1)
        optimizer = torch.optim.SGD(net.parameters(), lr=1.0)
        scaler = torch.amp.GradScaler("cpu")
        for x in torch.ones(6, 8, 4):
            optimizer.zero_grad()
            scaler.scale(net(x).mean()).backward()
            prepare(scaler, optimizer)
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            scaler.step(optimizer)
            scaler.update()
        """,
        # The scaler is switched off, or may be.
        """
        import torch


        def train(net, batches, use_amp):
            optimizer = torch.optim.SGD(net.parameters(), lr=1.0)
            scaler = torch.amp.GradScaler("cpu", enabled=use_amp)
            for x in batches:
                optimizer.zero_grad()
                scaler.scale(net(x).mean()).backward()
                torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
                scaler.step(optimizer)
                scaler.update()


        train(torch.nn.Linear(4, 1), torch.ones(6, 8, 4), False)
        """,
    ),
    is_fixable=True,
)
