"""The output of a network leaves autograd on the way to the loss.

What it does:
Follows tensors from the network to `backward` and reports the place where the graph is cut: `item()`, `float()`,
`detach()`, `.data`, `argmax`, `torch.tensor(...)` or a `no_grad` block. Reported are a loss that certainly leads to
nothing, a loss that leads to no more than a tensor made on the spot while an optimizer holds the network, and a
number that is added to a loss that goes on without it. Parts that are multiplied, as weights are, targets and
baselines are left alone.

Why it matters:
A loss without a graph raises `RuntimeError: element 0 of tensors does not require grad and does not have a grad_fn`, a
number `AttributeError: 'float' object has no attribute 'backward'`. Is there another tensor that requires gradients,
as in `loss = torch.zeros(1, requires_grad=True)`, nothing is raised: `backward` ends there and no weight moves. A
number that is added changes what is printed and no gradient.

Source:
`torch.Tensor.item`, `torch.Tensor.detach`, `torch.autograd.backward`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    Example,
    Finding,
    Observes,
    Operand,
    Raises,
    Related,
    Rule,
    SemanticModel,
    Severity,
    facts,
)

NOTHING, LEAF = 2, 1
"""How far a backward can reach, as the histories of tensors count it."""


def check(model: SemanticModel) -> Iterator[Finding]:
    for fact in model.facts(facts.Backward):
        history = fact.loss.history
        if _is_number(fact.loss):
            yield _raises(fact, "the loss is a number: its graph is gone", "AttributeError: a number has no `backward`")
        elif history.reach == NOTHING:
            yield _raises(fact, _lost(fact), "RuntimeError: element 0 of tensors does not require grad")
        elif history.reach == LEAF and history.cut is not None and fact.reaches_no_optimizer:
            yield Finding(
                history.cut.site,
                f"{_by(history.cut.how)} cuts the network off from the loss",
                "`backward` reaches no parameter that an optimizer holds: no weight moves",
                "keep the tensor in the graph",
                None,
                (Related(fact.site, "ends at a tensor that no optimizer holds"),),
            )
        elif history.dropped is not None:
            yield Finding(
                history.dropped.site,
                f"{_by(history.dropped.how)} makes a number of this part of the loss",
                "adding it changes no gradient: nothing is trained towards it",
                "add the tensor itself",
                None,
                (Related(fact.site, "runs through the rest alone"),),
                Severity.WARNING,
            )


def _is_number(loss: Operand) -> bool:
    """A Python number on every way, of a tensor on one at least."""
    options = loss.options
    numbers = [option.tag == "number" for option in options]
    return any(numbers) and all(n or type(o.literal) in (int, float) for n, o in zip(numbers, options, strict=True))


def _raises(fact: facts.Backward, message: str, note: str) -> Finding:
    cut = fact.loss.history.cut or next((o.history.cut for o in fact.loss.options if o.history.cut), None)
    site = fact.site if cut is None else cut.site
    related = () if cut is None else (Related(fact.site, "raises"),)
    return Finding(site, message, f"`backward` raises {note}", "keep the tensor in the graph", None, related)


def _lost(fact: facts.Backward) -> str:
    cut = fact.loss.history.cut
    if cut is None:
        return "no network took part in this loss"
    if cut.how == "no_grad":
        return "the network is called where no gradients are recorded"
    return f"{_by(cut.how)} cuts the network off from the loss"


def _by(how: str) -> str:
    return f"`.{how}`" if how == "data" else f"`{how}`"


RULE = Rule(
    name="graph-cut-before-backward",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from torch import nn


                class Agent:
                    def __init__(self, policy):
                        self.policy = policy
                        self.optimizer = torch.optim.Adam(policy.parameters(), lr=0.01)

                    def episode(self, steps=5):
                        log_probs = []
                        for _ in range(steps):
                            logits = self.policy(torch.randn(1, 4))
                            log_probs.append(torch.log_softmax(logits, dim=1)[0, 0])
                        return log_probs

                    def update(self):
                        loss = torch.zeros(1, requires_grad=True)
                        reward = 1.0
                        for log_prob in self.episode():
                            loss = loss - log_prob.item() * reward
                            #             ^^^^^^^^^^^^^^^ graph-cut-before-backward
                            reward *= 0.9
                        self.optimizer.zero_grad()
                        loss.sum().backward()
                        self.optimizer.step()


                policy = nn.Linear(4, 2)
                before = policy.weight.clone()
                Agent(policy).update()
            """,
            good="""
                import torch
                from torch import nn


                class Agent:
                    def __init__(self, policy):
                        self.policy = policy
                        self.optimizer = torch.optim.Adam(policy.parameters(), lr=0.01)

                    def episode(self, steps=5):
                        log_probs = []
                        for _ in range(steps):
                            logits = self.policy(torch.randn(1, 4))
                            log_probs.append(torch.log_softmax(logits, dim=1)[0, 0])
                        return log_probs

                    def update(self):
                        loss = torch.zeros(1, requires_grad=True)
                        reward = 1.0
                        for log_prob in self.episode():
                            loss = loss - log_prob * reward
                            reward *= 0.9
                        self.optimizer.zero_grad()
                        loss.sum().backward()
                        self.optimizer.step()


                policy = nn.Linear(4, 2)
                before = policy.weight.clone()
                Agent(policy).update()
            """,
            witness=Observes("torch.equal(policy.weight, before)"),
        ),
        Example(
            bad="""
                import torch
                import torch.nn.functional as F
                from torch.utils.data import DataLoader, TensorDataset


                def train(net, loader, lr=0.1):
                    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
                    for x, y in loader:
                        output = net(x).detach()
                        #        ^^^^^^^^^^^^^^^ graph-cut-before-backward
                        loss = F.mse_loss(output, y)
                        optimizer.zero_grad()
                        loss.backward()
                        optimizer.step()


                train(torch.nn.Linear(4, 1), DataLoader(TensorDataset(torch.randn(8, 4), torch.randn(8, 1)), 4))
            """,
            good="""
                import torch
                import torch.nn.functional as F
                from torch.utils.data import DataLoader, TensorDataset


                def train(net, loader, lr=0.1):
                    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
                    for x, y in loader:
                        output = net(x)
                        loss = F.mse_loss(output, y)
                        optimizer.zero_grad()
                        loss.backward()
                        optimizer.step()


                train(torch.nn.Linear(4, 1), DataLoader(TensorDataset(torch.randn(8, 4), torch.randn(8, 1)), 4))
            """,
            witness=Raises("RuntimeError", "element 0 of tensors does not require grad"),
        ),
        Example(
            bad="""
                import torch
                from torch import nn

                encoder, decoder = nn.Linear(6, 3), nn.Linear(3, 6)
                optimizer = torch.optim.SGD([*encoder.parameters(), *decoder.parameters()], lr=0.1)
                x = torch.ones(4, 6)
                code = encoder(x)
                reconstruction = nn.functional.mse_loss(decoder(code.detach()), x)
                loss = reconstruction + 0.1 * code.pow(2).mean().item()
                #                             ^^^^^^^^^^^^^^^^^^^^^^^^^ graph-cut-before-backward
                loss.backward()
            """,
            good="""
                import torch
                from torch import nn

                encoder, decoder = nn.Linear(6, 3), nn.Linear(3, 6)
                optimizer = torch.optim.SGD([*encoder.parameters(), *decoder.parameters()], lr=0.1)
                x = torch.ones(4, 6)
                code = encoder(x)
                reconstruction = nn.functional.mse_loss(decoder(code.detach()), x)
                loss = reconstruction + 0.1 * code.pow(2).mean()
                loss.backward()
            """,
            witness=Observes("encoder.weight.grad is None"),
        ),
    ),
    near_misses=(
        # What is returned beside the loss, and a module that optimizes by hand.
        """
        import lightning as L
        import torch
        from torch import nn


        class Automatic(L.LightningModule):
            def __init__(self):
                super().__init__()
                self.net = nn.Linear(4, 1)

            def training_step(self, batch, batch_idx):
                output = self.net(batch)
                loss = output.pow(2).mean()
                self.log("loss", loss.item())
                return {"loss": loss, "output": output.detach()}

            def validation_step(self, batch, batch_idx):
                return self.net(batch).mean().item()

            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), lr=0.1)


        class Manual(Automatic):
            def __init__(self):
                super().__init__()
                self.automatic_optimization = False

            def training_step(self, batch, batch_idx):
                optimizer = self.optimizers()
                optimizer.zero_grad()
                loss = self.net(batch).pow(2).mean()
                self.manual_backward(loss)
                optimizer.step()
                return loss.detach()
        """,
        # A baseline and a weight are numbers on purpose; a temperature is trained on fixed outputs.
        """
        import torch
        from torch import nn

        actor, critic = nn.Linear(4, 1), nn.Linear(4, 1)
        optimizer = torch.optim.Adam([*actor.parameters(), *critic.parameters()])
        s = torch.randn(8, 4)
        value = critic(s).mean()
        gain = (actor(s).mean() - value.item()) ** 2
        weight = gain.item() / (value.item() + 1.0)
        loss = gain + weight * value
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(loss.item() + gain.item())

        logits = actor(s).detach()
        temperature = torch.ones(1, requires_grad=True)
        calibration = torch.optim.LBFGS([temperature])
        nn.functional.mse_loss(logits / temperature, torch.zeros(8, 1)).backward()
        calibration.step(lambda: 0.0)
        """,
        # Written to after it was made: the buffer has a graph.
        """
        import torch
        from torch import nn

        net = nn.Linear(4, 1)
        outputs = torch.zeros(3)
        for i in range(3):
            outputs[i] = net(torch.randn(4)).squeeze()
        outputs.sum().backward()

        image = torch.randn(1, 4)
        image.requires_grad_(True)
        image.mul(2).sum().backward()
        """,
        # Gradients are recorded again inside.
        """
        import torch
        from torch import nn

        net = nn.Linear(4, 1)
        with torch.no_grad():
            start = net(torch.randn(2, 4))
            with torch.enable_grad():
                net(torch.randn(2, 4)).sum().backward()
        with torch.inference_mode(False):
            net(torch.randn(2, 4)).sum().backward()
        """,
    ),
)
