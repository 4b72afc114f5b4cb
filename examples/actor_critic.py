"""Train an actor and a critic that share their first layers.

What happens: no error, and the loss falls a little. But the optimizer was given the body and the actor only: the
critic's weights at the end are those it was born with, so the advantage is noise and the policy learns from noise.
"""

import torch
from torch import nn
from torch.nn import functional as F


class ActorCritic(nn.Module):
    def __init__(self, observations: int, actions: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(observations, 64), nn.Tanh())
        self.actor = nn.Linear(64, actions)
        self.critic = nn.Linear(64, 1)

    def forward(self, observation: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = self.body(observation)
        return self.actor(features), self.critic(features).squeeze(-1)


def rollout(steps: int = 128) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Observations, actions and returns; a stand-in for an environment."""
    observations = torch.randn(steps, 8)
    actions = torch.randint(0, 3, (steps,))
    returns = observations.sum(dim=1) + 5.0 * (actions == 1)
    return observations, actions, returns


def main() -> None:
    torch.manual_seed(0)
    agent = ActorCritic(observations=8, actions=3)
    optimizer = torch.optim.Adam([*agent.body.parameters(), *agent.actor.parameters()], lr=3e-4)
    before = agent.critic.weight.detach().clone()

    for iteration in range(200):
        observations, actions, returns = rollout()
        logits, values = agent(observations)
        advantage = (returns - values).detach()
        log_probability = torch.distributions.Categorical(logits=logits).log_prob(actions)
        policy_loss = -(log_probability * advantage).mean()
        value_loss = F.mse_loss(values, returns)

        optimizer.zero_grad()
        (policy_loss + 0.5 * value_loss).backward()
        optimizer.step()
        if iteration % 50 == 0:
            print(f"{iteration:4d}  policy {policy_loss.item():7.3f}  value {value_loss.item():7.3f}")

    print(f"the critic moved by {(agent.critic.weight - before).abs().max().item():.3f}")


if __name__ == "__main__":
    main()
