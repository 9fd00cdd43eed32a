"""CLIP's image tower as a function of its weights, and a frozen head behind it; any floating-point type.

width 32, 4 heads, 2 layers, patches of 8, images of 24 (9 patches and the class token), MLP 64, features of 16, quick-GELU.
"""
import math
import torch

try:
    from torch.func import jvp
except ImportError:  # before torch 2
    from functorch import jvp

WIDTH, HEADS, LAYERS, PATCH, SIZE, MLP, EMBED, EPSILON = 32, 4, 2, 8, 24, 64, 16, 1e-5
GRID = SIZE // PATCH
EMBEDDINGS = ['conv1.weight', 'class_embedding', 'positional_embedding', 'ln_pre.weight', 'ln_pre.bias']
EXIT = ['ln_post.weight', 'ln_post.bias', 'proj']


def shapes():
    """By name, as open_clip has them behind "visual."."""
    named = {'conv1.weight': (WIDTH, 3, PATCH, PATCH), 'class_embedding': (WIDTH,),
             'positional_embedding': (1 + GRID**2, WIDTH), 'proj': (WIDTH, EMBED)}
    norms = ['ln_pre', 'ln_post']
    for i in range(LAYERS):
        at = f'transformer.resblocks.{i}.'
        norms += [f'{at}ln_1', f'{at}ln_2']
        named.update({f'{at}attn.in_proj_weight': (3 * WIDTH, WIDTH), f'{at}attn.in_proj_bias': (3 * WIDTH,)})
        for name, rows, columns in [('attn.out_proj', WIDTH, WIDTH), ('mlp.c_fc', MLP, WIDTH), ('mlp.c_proj', WIDTH, MLP)]:
            named.update({f'{at}{name}.weight': (rows, columns), f'{at}{name}.bias': (rows,)})
    for norm in norms:
        named.update({f'{norm}.weight': (WIDTH,), f'{norm}.bias': (WIDTH,)})
    return dict(sorted(named.items()))


def features(theta, images, seen=None):
    """(n, 16), not normalised. seen takes (name, input, output) of the products of attention and MLP."""
    n = len(images)

    def norm(x, name):
        centred = x - x.mean(-1, keepdim=True)
        scale = torch.rsqrt((centred * centred).mean(-1, keepdim=True) + EPSILON)
        return centred * scale * theta[f'{name}.weight'] + theta[f'{name}.bias']

    def linear(x, name, join='.'):
        y = x @ theta[f'{name}{join}weight'].T + theta[f'{name}{join}bias']
        if seen is not None:
            seen(f'{name}{join}', x, y)
        return y

    def apart(x):
        return x.reshape(n, -1, HEADS, WIDTH // HEADS).transpose(1, 2)  # (n, heads, tokens, 8)

    patches = images.reshape(n, 3, GRID, PATCH, GRID, PATCH).permute(0, 2, 4, 1, 3, 5).reshape(n, GRID**2, -1)
    x = patches @ theta['conv1.weight'].reshape(WIDTH, -1).T
    x = torch.cat([theta['class_embedding'].expand(n, 1, WIDTH), x], 1) + theta['positional_embedding']
    x = norm(x, 'ln_pre')
    for i in range(LAYERS):
        at = f'transformer.resblocks.{i}.'
        q, k, v = linear(norm(x, f'{at}ln_1'), f'{at}attn.in_proj', '_').split(WIDTH, -1)
        weights = torch.softmax(apart(q) @ apart(k).transpose(2, 3) / math.sqrt(WIDTH / HEADS), -1)
        mixed = (weights @ apart(v)).transpose(1, 2).reshape(n, -1, WIDTH)
        if i == LAYERS - 1:  # the class token alone is read out
            mixed, x = mixed[:, :1], x[:, :1]
        x = x + linear(mixed, f'{at}attn.out_proj')
        wide = linear(norm(x, f'{at}ln_2'), f'{at}mlp.c_fc')
        x = x + linear(wide * torch.sigmoid(1.702 * wide), f'{at}mlp.c_proj')
    return norm(x[:, 0], 'ln_post') @ theta['proj']


def movement(theta, delta, images):
    """f and J delta at theta, both (n, 16); delta may lack tensors that do not move."""
    whole = {name: delta[name] if name in delta else torch.zeros_like(value) for name, value in theta.items()}
    return jvp(lambda weights: features(weights, images), (theta,), (whole,))


class Head:
    """logits = scale W u + b, u = z / |z| or, of the probe, z itself."""

    def __init__(self, rows, bias, scale, normalised):
        self.rows, self.bias, self.scale, self.normalised = rows, bias, scale, normalised

    def logits(self, z):
        u = z / (z * z).sum(1, keepdim=True).sqrt() if self.normalised else z
        logits = self.scale * u @ self.rows.T
        return logits if self.bias is None else logits + self.bias

    def loss(self, z, labels, smoothing=0.0):
        """Mean cross-entropy with (1 - e) [c = y] + e / classes."""
        known = torch.log_softmax(self.logits(z), 1)
        own = -known.gather(1, labels[:, None]).mean()
        return (1 - smoothing) * own - smoothing * known.mean()
