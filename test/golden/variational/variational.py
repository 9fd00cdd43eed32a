# Twenty steps of variational composition on a quadratic, in float64 by PyTorch's autograd and its AdamW. Noise is
# Philox4x32-10's, written here from its paper, so that both sides draw the same. Nothing is taken from Basil.
#   loss(c) = 1/2 sum_i h_i (c_i - t_i)^2;   objective = loss(lambda z) + beta / N KL(q || prior)
# python variational.py > expected.json
import json
import math

import torch

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
M = 0xFFFFFFFF


def philox(counter, key):
    c, k = list(counter), list(key)
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k[0], p1 & M, (p0 >> 32) ^ c[3] ^ k[1], p0 & M]
        k = [(k[0] + 0x9E3779B9) & M, (k[1] + 0xBB67AE85) & M]
    return c


def uniform(seed, stream, draw, index):
    a, b, *_ = philox((index, draw, 0, 0), (seed, stream))
    return ((a >> 5) * 67108864 + (b >> 6)) / 9007199254740992


def normal(seed, stream, draw, index):
    a, b, *_ = philox((index, draw, 1, 0), (seed, stream))
    return math.sqrt(-2 * math.log((a + 0.5) / 4294967296)) * math.cos(2 * math.pi * b / 4294967296)


seed, stream = 3, 830000 + 2
h = torch.tensor([[2.0, 0.5, 0.0], [1.0, 4.0, 0.25]])
t = torch.tensor([[0.6, -0.4, 0.9], [0.0, 0.3, -1.2]])
images, beta, sigma0, pi0, start, gate, temperature = 10, 1.5, 0.8, 0.2, 0.1, 1.0, 2 / 3
rate, clip, steps = 0.05, 0.5, 20

mu = torch.full((2, 3), start, requires_grad=True)
rho = torch.full((2, 3), math.log(0.05 * sigma0), requires_grad=True)
a = torch.full((2, 3), math.log(0.9 / 0.1), requires_grad=True)
optimiser = torch.optim.AdamW([mu, rho, a], lr=rate, weight_decay=0.0)
prior_slab = torch.distributions.Normal(torch.zeros(2, 3), torch.full((2, 3), sigma0))
prior_spike = torch.distributions.Bernoulli(probs=torch.full((2, 3), pi0))

losses, tables = [], []
for step in range(steps):
    e = torch.tensor([[normal(seed, stream, step, 3 * k + b) for b in range(3)] for k in range(2)])
    u = torch.tensor([[uniform(seed, stream, step, 3 * k + b) for b in range(3)] for k in range(2)])
    q_slab, q_spike = torch.distributions.Normal(mu, rho.exp()), torch.distributions.Bernoulli(logits=a)
    z = torch.sigmoid((a + torch.log(u) - torch.log1p(-u)) / temperature)
    loss = 0.5 * (h * ((mu + rho.exp() * e) * z - t) ** 2).sum()
    slabs = torch.distributions.kl_divergence(q_slab, prior_slab)
    kl = (torch.distributions.kl_divergence(q_spike, prior_spike) + q_spike.probs * slabs).sum()
    optimiser.zero_grad()
    (loss + beta / images * kl).backward()
    torch.nn.utils.clip_grad_norm_([mu, rho, a], clip)
    optimiser.step()
    losses.append(loss.item())
    with torch.no_grad():
        pi, sigma = torch.sigmoid(a), rho.exp()
        tables.append(torch.where(pi * mu.abs() / sigma > gate, pi * mu, torch.zeros(2, 3)).tolist())

pi, sigma = torch.sigmoid(a.detach()), rho.detach().exp()
print(
    json.dumps(
        {
            "losses": losses,
            "tables": tables,
            "mean": mu.tolist(),
            "deviation": sigma.tolist(),
            "inclusion": pi.tolist(),
            "divergence": kl.item(),
        },
        indent=1,
    )
)
