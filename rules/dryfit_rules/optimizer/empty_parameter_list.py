"""An optimizer is built from nothing at all.

What it does:
Reports an optimizer of `torch.optim` that is built from an empty list, or from the parameters of a module that
certainly registers none. The usual cause: layers in a plain list or dict, or layers that are made later.

Why it matters:
`ValueError: optimizer got an empty parameter list` when the optimizer is built. An empty group among others is let
through.

Source:
`torch.optim.Optimizer.__init__`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Operand, Raises, Rule, SemanticModel, Severity, facts


def check(model: SemanticModel) -> Iterator[Finding]:
    for built in model.facts(facts.OptimizerBuilt):
        given = built.parameters
        if built.is_of_torch and isinstance(given, Operand) and all(_is_empty(option) for option in given.options):
            yield _finding(given, built.class_name.rpartition(".")[2])


def _is_empty(given: Operand) -> bool:
    """Nothing in it for certain. An iterator that was used up is another matter, and an empty group is let through."""
    is_of_groups = any(element.kind == "dict" for element in given.known_elements)
    return given.kind in ("list", "tuple", "generator") and given.has_no_parameters and not is_of_groups


def _finding(given: Operand, optimizer: str) -> Finding:
    is_bare = given.options[0].elements == ()
    return Finding(
        given.site,
        f"`{optimizer}` is given {'an empty list' if is_bare else 'the parameters of a module that registers none'}",
        "raises ValueError: optimizer got an empty parameter list",
        "pass parameters" if is_bare else "register the layers: `nn.ModuleList` for a list of them",
    )


RULE = Rule(
    name="empty-parameter-list",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch


                class Net(torch.nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.layers = [torch.nn.Linear(4, 4), torch.nn.Linear(4, 2)]
                    #   ^^^^^^^^^^^ modules-in-plain-container
                        self.act = torch.nn.ReLU()


                net = Net()
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
                #                           ^^^^^^^^^^^^^^^^ empty-parameter-list
            """,
            good="""
                import torch


                class Net(torch.nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.layers = torch.nn.ModuleList([torch.nn.Linear(4, 4), torch.nn.Linear(4, 2)])
                        self.act = torch.nn.ReLU()


                net = Net()
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
            """,
            witness=Raises("ValueError", "optimizer got an empty parameter list"),
        ),
        Example(
            bad="""
                from torch import nn, optim
                from torch.optim import AdamW as Optimizer


                def build(module, rate):
                    return Optimizer(list(module.parameters()), lr=rate)
                    #                ^^^^^^^^^^^^^^^^^^^^^^^^^ empty-parameter-list


                optimizer = build(nn.Sequential(nn.Flatten(), nn.ReLU()), 1e-3)
            """,
            good="""
                from torch import nn, optim
                from torch.optim import AdamW as Optimizer


                def build(module, rate):
                    return Optimizer(list(module.parameters()), lr=rate)


                optimizer = build(nn.Sequential(nn.Flatten(), nn.Linear(4, 2)), 1e-3)
            """,
            witness=Raises("ValueError", "optimizer got an empty parameter list"),
        ),
        Example(
            bad="""
                import torch

                net = torch.nn.Linear(4, 2)
                trained = []
                optimizer = torch.optim.SGD(params=trained, lr=0.1)
                #                                  ^^^^^^^ empty-parameter-list
                trained.extend(net.parameters())
            """,
            good="""
                import torch

                net = torch.nn.Linear(4, 2)
                trained = []
                trained.extend(net.parameters())
                optimizer = torch.optim.SGD(params=trained, lr=0.1)
            """,
            witness=Raises("ValueError", "optimizer got an empty parameter list"),
        ),
    ),
    near_misses=(
        # Filled in a loop, and an empty group beside another.
        """
        import torch

        net = torch.nn.Sequential(torch.nn.Linear(4, 2), torch.nn.ReLU())
        params = []
        for module in net:
            params += list(module.parameters())
        first = torch.optim.SGD(params, lr=0.1)
        second = torch.optim.SGD([{"params": []}, {"params": net.parameters()}], lr=0.1)
        second.add_param_group({"params": net[1].parameters()})
        """,
        # Layers with and without parameters, and a `parameters` of the module's own.
        """
        import torch


        class Own(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.layers = [torch.nn.Linear(4, 4)]

            def parameters(self, recurse=True):
                for layer in self.layers:
                    yield from layer.parameters()


        first = torch.optim.SGD(Own().parameters(), lr=0.1)
        second = torch.optim.SGD(torch.nn.PReLU().parameters(), lr=0.1)
        third = torch.optim.SGD(torch.nn.LayerNorm(4).parameters(), lr=0.1)
        """,
    ),
)
