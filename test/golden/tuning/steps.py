"""What all kinds share: the order of images, the learning rate, the clipped gradient, AdamW and Nesterov's descent."""
import math
import torch

from draws import batches, permutation


def batch_of(step, count, size, seed):
    """Images of a step: an epoch's permutation from the front, its last batch small."""
    per_epoch = -(-count // size)
    epoch, place = divmod(step, per_epoch)
    return permutation(count, seed, batches(0), epoch)[place * size:(place + 1) * size]


class Others:
    """Images of another task, from the front of one permutation after the other; the last of a pass are a small batch."""

    def __init__(self, which, count, size, seed):
        self.which, self.count, self.size, self.seed = which, count, size, seed
        self.drawn, self.at = 0, 0

    def next(self):
        if self.at >= self.count:
            self.drawn, self.at = self.drawn + 1, 0
        order = permutation(self.count, self.seed, batches(1 + self.which), self.drawn)
        taken = order[self.at:self.at + self.size]
        self.at += self.size
        return taken


def rate_of(step, steps, warmup, highest):
    """Linear to the highest in the warm-up, then half a cosine."""
    if step < warmup:
        return highest * (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))) * highest


def norm_of(gradients):
    return math.sqrt(sum(float((g * g).sum()) for g in gradients.values()))


def clip_factor(norm, most):
    """torch.nn.utils.clip_grad_norm_'s."""
    return min(1.0, most / (norm + 1e-6))


class AdamW:
    """Loshchilov and Hutter 2019; decay on all there is. Where a mask is 0 neither decay nor step counts."""

    def __init__(self, decay, masks=None, origin=None, beta1=0.9, beta2=0.999, epsilon=1e-8):
        self.decay, self.masks, self.origin = decay, masks or {}, origin or {}
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon
        self.mean, self.square, self.step = {}, {}, 0

    def move(self, values, gradients, rates):
        """In place. rates by name. origin: what a value is the difference from, which decays with it."""
        self.step += 1
        for name, g in gradients.items():
            m = self.beta1 * self.mean.get(name, 0) + (1 - self.beta1) * g
            v = self.beta2 * self.square.get(name, 0) + (1 - self.beta2) * g * g
            self.mean[name], self.square[name] = m, v
            m, v = m / (1 - self.beta1**self.step), v / (1 - self.beta2**self.step)
            x = values[name].detach()
            by = rates[name] * (self.decay * (x + self.origin.get(name, 0)) + m / (v.sqrt() + self.epsilon))
            x -= by * self.masks[name] if name in self.masks else by


class Nesterov:
    """torch.optim.SGD's momentum, in its Nesterov form."""

    def __init__(self, momentum):
        self.momentum, self.kept = momentum, {}

    def move(self, values, gradients, rates):
        for name, g in gradients.items():
            self.kept[name] = self.momentum * self.kept[name] + g if name in self.kept else g
            x = values[name].detach()
            x -= rates[name] * (g + self.momentum * self.kept[name])


def gradients_of(loss, values):
    """By name; zeros where the loss does not know of a value."""
    found = torch.autograd.grad(loss, list(values.values()), allow_unused=True)
    return {name: torch.zeros_like(x) if g is None else g for (name, x), g in zip(values.items(), found)}
