"""The loss is scaled, and the optimizer steps without the scaler.

What it does:
Reports `optimizer.step()` after `scaler.scale(loss).backward()` in a loop where the scaler neither steps nor
unscales.

Why it matters:
`scaler.step` divides the gradients by the factor and leaves the step out if one of them is not finite. Without it,
the step uses gradients 65,536 times too large (measured with SGD: a step of 6553.6 instead of 0.1), and an infinite
gradient makes every weight NaN. Adam hides the factor, so that only clipping and `eps` are wrong. Nothing is raised.

Fix safety:
Unsafe. The steps become as large as the learning rate says.

Source:
`torch.amp.GradScaler.scale` and `step`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    Example,
    Finding,
    Fix,
    Observes,
    Operand,
    Raises,
    Related,
    Rule,
    SemanticModel,
    Severity,
    dotted_name,
    facts,
    replace,
    tree,
)

SCALERS = ("torch.amp.GradScaler", "torch.cuda.amp.GradScaler")
HARMLESS = tuple(f"{scaler}.{method}" for scaler in SCALERS for method in ("scale", "update", "state_dict"))
"""What leaves the factor in the gradients, and does not tell it to others who could divide by it."""

HELP = "step through the scaler"


def check(model: SemanticModel) -> Iterator[Finding]:
    if any(
        call.name.startswith(SCALERS) and call.receiver and call.name not in HARMLESS
        for call in model.facts(facts.FrameworkCall)
    ):
        return
    scaled = [call for call in model.calls_to(*(f"{scaler}.scale" for scaler in SCALERS)) if _is_enabled(call.receiver)]
    for loop in model.facts(facts.TrainingLoop):
        backward = None
        for event in loop.events:
            if event.kind == "backward":
                backward = next((call for call in scaled if _begins_alike(call, event)), None)
            elif event.kind == "step" and backward is not None and event.is_certain:
                yield Finding(
                    event.site,
                    "the optimizer steps with gradients that are still scaled",
                    "the gradients are some 65,536 times too large, and infinite ones are not left out",
                    HELP,
                    _fix(model, backward, event),
                    (Related(backward.site, "scaled here"),),
                )


def _is_enabled(scaler: Operand | None) -> bool:
    """Certainly switched on, and held by nobody who could unscale."""
    if scaler is None or scaler.is_escaped:
        return False
    made = scaler.arguments
    enabled = made.get("enabled")
    is_default = "**" not in made and sum(isinstance(key, int) for key in made) < 5
    return is_default and (enabled is None or enabled.literal is True)


def _begins_alike(scale: facts.FrameworkCall, backward: facts.LoopEvent) -> bool:
    """Is it `scaler.scale(loss)` in `scaler.scale(loss).backward()`?"""
    a, b = scale.site, backward.site
    return a[:2] == b[:2] and a.span.at_start == b.span.at_start and backward.is_certain


def _fix(model: SemanticModel, scale: facts.FrameworkCall, step: facts.LoopEvent) -> Fix | None:
    """`scaler.step(optimizer)` and `scaler.update()`, if both objects have names here."""
    function = scale.arguments.call.func
    scaler = dotted_name(function.value) if isinstance(function, tree.Attribute) else ""
    for call in model.facts(facts.FrameworkCall):
        if call.site == step.site and call.name.endswith(".step") and not call.arguments.call.arguments:
            stepped = call.arguments.call.func
            optimizer = dotted_name(stepped.value) if isinstance(stepped, tree.Attribute) else ""
            is_one_block = scale.site[:2] == step.site[:2] and scale.site.span.column == step.site.span.column
            if scaler and optimizer and is_one_block:
                updated = next(model.calls_to(*(f"{name}.update" for name in SCALERS)), None) is not None
                rest = "" if updated else f"\n{scaler}.update()"
                return Fix.unsafe(HELP, replace(step.site, f"{scaler}.step({optimizer}){rest}"))
    return None


RULE = Rule(
    name="scaler-bypassed",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch

                net = torch.nn.Linear(1, 1, bias=False)
                before = net.weight.item()
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
                scaler = torch.amp.GradScaler("cpu")
                for x in [torch.ones(1, 1)] * 5:
                    optimizer.zero_grad()
                    scaler.scale(net(x).sum()).backward()
                    optimizer.step()
                #   ^^^^^^^^^^^^^^^^ scaler-bypassed
                    scaler.update()
            """,
            good="""
                import torch

                net = torch.nn.Linear(1, 1, bias=False)
                before = net.weight.item()
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
                scaler = torch.amp.GradScaler("cpu")
                for x in [torch.ones(1, 1)] * 5:
                    optimizer.zero_grad()
                    scaler.scale(net(x).sum()).backward()
                    scaler.step(optimizer)
                    scaler.update()
            """,
            witness=Raises("AssertionError", "No inf checks were recorded prior to update"),
        ),
        Example(
            bad="""
                import torch
                import torch.optim as optim
                from torch.amp import GradScaler


                def train(net, batches):
                    opt = optim.SGD(net.parameters(), lr=0.1)
                    scaler = GradScaler("cpu")
                    for x in batches:
                        opt.zero_grad()
                        loss = net(x).sum()
                        scaler.scale(loss).backward()
                        opt.step()
                #       ^^^^^^^^^^ scaler-bypassed


                net = torch.nn.Linear(1, 1, bias=False)
                before = net.weight.item()
                train(net, torch.ones(5, 1, 1))
            """,
            good="""
                import torch
                import torch.optim as optim
                from torch.amp import GradScaler


                def train(net, batches):
                    opt = optim.SGD(net.parameters(), lr=0.1)
                    scaler = GradScaler("cpu")
                    for x in batches:
                        opt.zero_grad()
                        loss = net(x).sum()
                        scaler.scale(loss).backward()
                        scaler.step(opt)
                        scaler.update()


                net = torch.nn.Linear(1, 1, bias=False)
                before = net.weight.item()
                train(net, torch.ones(5, 1, 1))
            """,
            witness=Observes("abs(net.weight.item() - before) > 1000"),
        ),
    ),
    near_misses=(
        # Unscaled by the scaler, stepped by hand.
        """
        import torch

        net = torch.nn.Linear(1, 1)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        scaler = torch.amp.GradScaler("cpu")
        for x in torch.ones(5, 1, 1):
            optimizer.zero_grad()
            scaler.scale(net(x).sum()).backward()
            scaler.unscale_(optimizer)
            if all(torch.isfinite(p.grad).all() for p in net.parameters()):
                optimizer.step()
            scaler.update()
        """,
        # Divided by the factor by hand.
        """
        import torch

        net = torch.nn.Linear(1, 1, bias=False)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        scaler = torch.amp.GradScaler("cpu")
        for x in torch.ones(5, 1, 1):
            optimizer.zero_grad()
            scaler.scale(net(x).sum()).backward()
            for p in net.parameters():
                p.grad.div_(scaler.get_scale())
            optimizer.step()
        """,
    ),
    is_fixable=True,
)
