"""Gradients are clipped where the step does not see it: after it, or before `backward` fills them.

What it does:
Reports `clip_grad_norm_` or `clip_grad_value_` in a loop that clears the gradients, runs `backward` and steps once in
each pass, if the clipping stands after the step or between clearing and `backward`.

Why it matters:
After the step the limit comes too late, and the next pass clears what was limited. Before `backward` there is nothing
to limit: the gradients are None. Each step uses the gradients as they are (measured with a limit of 1: a step of norm
50). Nothing is raised.

Source:
`torch.nn.utils.clip_grad_norm_`, torch 2.13.0.
"""

from collections.abc import Iterator, Sequence

from dryfit.rulekit import Example, Finding, Observes, Related, Rule, SemanticModel, Severity, dotted_name, facts, tree

HELP = "clip between `backward` and the step"


def check(model: SemanticModel) -> Iterator[Finding]:
    for loop in model.facts(facts.TrainingLoop):
        order = [event for event in loop.events if event.kind in ("zero_grad", "backward", "clip", "step", "unscale")]
        if loop.clears_gradients is not True or not _is_plain(order):
            continue
        kinds = [event.kind for event in order]
        clip, step = order[kinds.index("clip")], order[kinds.index("step")]
        place = _place(kinds)
        if place and _is_limited(model, clip):
            yield Finding(
                clip.site,
                f"gradients are clipped {place}",
                "the limit has no effect: each step uses the gradients as they are",
                HELP,
                related=(Related(step.site, "the step"),),
            )


def _is_plain(order: Sequence[facts.LoopEvent]) -> bool:
    """One of each, on every way through the body."""
    kinds = sorted(event.kind for event in order)
    return kinds == ["backward", "clip", "step", "zero_grad"] and all(event.is_certain for event in order)


def _place(kinds: Sequence[str]) -> str:
    """Where the clipping stands in the order of a pass; "" if the step sees it."""
    start = kinds.index("zero_grad")
    turned = [*kinds[start:], *kinds[:start]]
    if turned == ["zero_grad", "backward", "step", "clip"]:
        return "after the step"
    return "before `backward`" if turned == ["zero_grad", "clip", "backward", "step"] else ""


def _is_limited(model: SemanticModel, clip: facts.LoopEvent) -> bool:
    """Is there a limit? With an infinite one the call only measures the norm."""
    for call in model.calls_to("torch.nn.utils.clip_grad_norm_", "torch.nn.utils.clip_grad_value_"):
        limits = [a.value for a in call.arguments.call.arguments if a.keyword in ("max_norm", "clip_value")]
        limits += [a.value for a in call.arguments.call.arguments[1:2] if a.keyword is None and not a.stars]
        if call.site == clip.site and limits:
            name = dotted_name(limits[0])
            return isinstance(limits[0], tree.Constant) or (bool(name) and "inf" not in name.lower())
    return False


RULE = Rule(
    name="clip-outside-backward-and-step",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from torch import nn

                net = nn.Linear(4, 1, bias=False)
                optimizer = torch.optim.SGD(net.parameters(), lr=1.0)
                before = net.weight.detach().clone()
                for x in torch.ones(6, 8, 4):
                    optimizer.zero_grad()
                    loss = 100 * net(x).mean()
                    loss.backward()
                    optimizer.step()
                    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
                #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ clip-outside-backward-and-step
            """,
            good="""
                import torch
                from torch import nn

                net = nn.Linear(4, 1, bias=False)
                optimizer = torch.optim.SGD(net.parameters(), lr=1.0)
                before = net.weight.detach().clone()
                for x in torch.ones(6, 8, 4):
                    optimizer.zero_grad()
                    loss = 100 * net(x).mean()
                    loss.backward()
                    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
                    optimizer.step()
            """,
            witness=Observes("(net.weight - before).norm().item() > 100"),
        ),
        Example(
            bad="""
                import torch
                from torch.nn.utils import clip_grad_norm_ as clip


                def prepare(net, optimizer):
                    optimizer.zero_grad()
                    clip(net.parameters(), 0.5)
                #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^ clip-outside-backward-and-step


                def train(net, batches):
                    optimizer = torch.optim.SGD(net.parameters(), lr=1.0)
                    for x in batches:
                        prepare(net, optimizer)
                        (100 * net(x)).mean().backward()
                        optimizer.step()


                net = torch.nn.Linear(4, 1, bias=False)
                before = net.weight.detach().clone()
                train(net, torch.ones(6, 8, 4))
            """,
            good="""
                import torch
                from torch.nn.utils import clip_grad_norm_ as clip


                def prepare(net, optimizer):
                    optimizer.zero_grad()


                def train(net, batches):
                    optimizer = torch.optim.SGD(net.parameters(), lr=1.0)
                    for x in batches:
                        prepare(net, optimizer)
                        (100 * net(x)).mean().backward()
                        clip(net.parameters(), 0.5)
                        optimizer.step()


                net = torch.nn.Linear(4, 1, bias=False)
                before = net.weight.detach().clone()
                train(net, torch.ones(6, 8, 4))
            """,
            witness=Observes("(net.weight - before).norm().item() > 100"),
        ),
    ),
    near_misses=(
        # Clearing at the end of the pass.
        """
        import torch

        net = torch.nn.Linear(4, 1)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for x in torch.ones(3, 8, 4):
            net(x).mean().backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
        """,
        # Accumulation: what is clipped stays.
        """
        import torch

        net = torch.nn.Linear(4, 1)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for i, x in enumerate(torch.ones(8, 8, 4)):
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            net(x).mean().backward()
            if i % 4 == 3:
                optimizer.step()
                optimizer.zero_grad()
        """,
        # The norm is only measured: there is no limit.
        """
        import math

        import torch

        net = torch.nn.Linear(4, 1)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for x in torch.ones(3, 8, 4):
            optimizer.zero_grad()
            net(x).mean().backward()
            optimizer.step()
            norm = torch.nn.utils.clip_grad_norm_(net.parameters(), math.inf)
        for x in torch.ones(3, 8, 4):
            optimizer.zero_grad()
            net(x).mean().backward()
            optimizer.step()
            norm = torch.nn.utils.clip_grad_norm_(net.parameters(), max_norm=float("inf"))
        """,
    ),
)
