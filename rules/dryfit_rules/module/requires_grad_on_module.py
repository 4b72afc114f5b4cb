"""`requires_grad` is set on a module, where nothing reads it.

What it does:
Reports `module.requires_grad = False` where the object is certainly a module that gives the name no meaning of its
own: no property, and no method that reads it. Setting it on a parameter or a tensor is right and not reported, and
where there are no parameters it does no harm.

Why it matters:
A module has no such switch: the assignment makes a plain attribute, and every parameter goes on requiring gradients.
The "frozen" layers are trained (measured: all of 4 parameters moved). `requires_grad_` with an underscore is the
method that passes the value on to the parameters.

Fix safety:
Unsafe. Layers that were trained until now are frozen.

Source:
`torch.nn.Module.__setattr__` and `torch.nn.Module.requires_grad_`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Fix, Observes, Rule, SemanticModel, Severity, Span, facts, replace

HELP = "call `requires_grad_(False)`"


def check(model: SemanticModel) -> Iterator[Finding]:
    for fact in model.facts(facts.AttributeSet):
        if fact.name == "requires_grad" and fact.to.literal is False and _are_modules(fact):
            yield Finding(
                fact.site,
                "`requires_grad` is set on a module, not on its parameters",
                "nothing is frozen: every parameter still requires gradients and is trained",
                HELP,
                _fix(model, fact),
            )


def _are_modules(fact: facts.AttributeSet) -> bool:
    """Modules on every way, with parameters, of classes that have no such switch of their own."""
    return all(
        o.is_a("torch.nn.Module")
        and o.has_method("requires_grad") is False
        and not o.reads("requires_grad")
        and not o.has_no_parameters
        for o in fact.owner.options
    )


def _fix(model: SemanticModel, fact: facts.AttributeSet) -> Fix | None:
    """The method's call instead of the assignment, where `requires_grad = False` is all that is left of a statement."""
    target, value = fact.site.span, fact.to.site.span
    is_shared = sum(other.to.site == fact.to.site for other in model.facts(facts.AttributeSet)) > 1
    written = Span(
        target.end_line, target.end_column + len(" = "), target.end_line, target.end_column + len(" = False")
    )
    if is_shared or value != written or fact.to.site[:2] != fact.site[:2]:
        return None
    name = Span(target.end_line, target.end_column - len("requires_grad"), target.end_line, target.end_column)
    return Fix.unsafe(HELP, replace(fact.site._replace(span=name.to(value)), "requires_grad_(False)"))


RULE = Rule(
    name="requires-grad-on-module",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from torch import nn


                class Classifier(nn.Module):
                    def __init__(self, encoder):
                        super().__init__()
                        self.encoder = encoder
                        self.head = nn.Linear(8, 3)

                    def forward(self, x):
                        return self.head(self.encoder(x))


                def frozen(encoder):
                    encoder.requires_grad = False
                #   ^^^^^^^^^^^^^^^^^^^^^ requires-grad-on-module
                    return encoder


                encoder = nn.Sequential(nn.Linear(4, 8), nn.ReLU())
                model = Classifier(frozen(encoder))
                before = encoder[0].weight.clone()
                optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
                nn.functional.cross_entropy(model(torch.randn(8, 4)), torch.zeros(8).long()).backward()
                optimizer.step()
            """,
            good="""
                import torch
                from torch import nn


                class Classifier(nn.Module):
                    def __init__(self, encoder):
                        super().__init__()
                        self.encoder = encoder
                        self.head = nn.Linear(8, 3)

                    def forward(self, x):
                        return self.head(self.encoder(x))


                def frozen(encoder):
                    encoder.requires_grad_(False)
                    return encoder


                encoder = nn.Sequential(nn.Linear(4, 8), nn.ReLU())
                model = Classifier(frozen(encoder))
                before = encoder[0].weight.clone()
                optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
                nn.functional.cross_entropy(model(torch.randn(8, 4)), torch.zeros(8).long()).backward()
                optimizer.step()
            """,
            witness=Observes("not torch.equal(encoder[0].weight, before)"),
        ),
        Example(
            bad="""
                import torch


                class Encoder(torch.nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 8)

                    def forward(self, x):
                        return self.layer(x)


                class Probe(torch.nn.Module):
                    def __init__(self, is_frozen=True):
                        super().__init__()
                        self.encoder = Encoder()
                        if is_frozen:
                            self.encoder.requires_grad = False
                #           ^^^^^^^^^^^^^^^^^^^^^^^^^^ requires-grad-on-module
                        self.head = torch.nn.Linear(8, 3)

                    def forward(self, x):
                        return self.head(self.encoder(x))


                probe = Probe()
            """,
            good="""
                import torch


                class Encoder(torch.nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 8)

                    def forward(self, x):
                        return self.layer(x)


                class Probe(torch.nn.Module):
                    def __init__(self, is_frozen=True):
                        super().__init__()
                        self.encoder = Encoder()
                        if is_frozen:
                            self.encoder.requires_grad_(False)
                        self.head = torch.nn.Linear(8, 3)

                    def forward(self, x):
                        return self.head(self.encoder(x))


                probe = Probe()
            """,
            witness=Observes("all(p.requires_grad for p in probe.encoder.parameters())"),
        ),
        Example(
            bad="""
                from torch import nn


                def freeze(network, is_trained):
                    network.requires_grad = is_trained
                #   ^^^^^^^^^^^^^^^^^^^^^ requires-grad-on-module


                network = nn.Linear(4, 2)
                freeze(network, False)
            """,
            good="""
                from torch import nn


                def freeze(network, is_trained):
                    network.requires_grad_(is_trained)


                network = nn.Linear(4, 2)
                freeze(network, False)
            """,
            witness=Observes("network.weight.requires_grad"),
        ),
    ),
    near_misses=(
        # On the parameters themselves.
        """
        import torch
        from torch import nn

        network = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 2))
        for parameter in network[0].parameters():
            parameter.requires_grad = False
        network[1].weight.requires_grad = False
        image = torch.randn(3, 4)
        image.requires_grad = True
        image.requires_grad = False
        """,
        # Nothing that has parameters to freeze: not a module.
        """
        class Settings:
            requires_grad = True


        settings = Settings()
        settings.requires_grad = False
        """,
    ),
    is_fixable=True,
)
