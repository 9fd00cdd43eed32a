"""That the pieces are PyTorch's own: AdamW, Nesterov's descent, the clip, smoothed cross-entropy, attention and norms; and that K-FAC is
exact where it must be."""
import torch

from calibration import curvature
from steps import AdamW, Nesterov, clip_factor, norm_of
from tower import EPSILON, HEADS, LAYERS, WIDTH, Head, features, movement


def close(a, b, what, most=1e-12):
    error = float((a - b).abs().max() / b.abs().max())
    assert error < most, f'{what}: {error}'


def check(theta, images, labels, head):
    """theta and the rest in float64."""
    descents(theta)
    z = features(theta, images)
    smoothed = torch.nn.functional.cross_entropy(head.logits(z), labels, label_smoothing=0.1)
    close(head.loss(z, labels, 0.1), smoothed, 'smoothed cross-entropy')
    close(z, whole_tower(theta, images), 'tower')
    curvatures(theta, images[:1])


def descents(theta):
    values = {name: theta[name].clone() for name in ('proj', 'ln_post.weight', 'ln_post.bias')}
    for ours, theirs, wrapped in [(AdamW(0.1), torch.optim.AdamW, {'weight_decay': 0.1}),
                                  (Nesterov(0.9), torch.optim.SGD, {'momentum': 0.9, 'nesterov': True})]:
        mine = {name: x.clone() for name, x in values.items()}
        other = {name: torch.nn.Parameter(x.clone()) for name, x in values.items()}
        optimiser = theirs(other.values(), lr=1, **wrapped)
        for step in range(3):
            rate, gradients = 0.01 * (step + 1), {name: (x + step).sin() for name, x in values.items()}
            for name, x in other.items():
                x.grad = gradients[name].clone()
            torch.nn.utils.clip_grad_norm_(other.values(), 1.0)
            optimiser.param_groups[0]['lr'] = rate
            optimiser.step()
            by = clip_factor(norm_of(gradients), 1.0)
            ours.move(mine, {name: by * g for name, g in gradients.items()}, {name: rate for name in values})
        for name in values:
            close(mine[name], other[name].detach(), theirs.__name__)


def whole_tower(theta, images):
    """The same from torch's own modules, all tokens to the end."""
    functional = torch.nn.functional
    norm = lambda x, name: functional.layer_norm(x, (WIDTH,), theta[f'{name}.weight'], theta[f'{name}.bias'], EPSILON)
    x = functional.conv2d(images, theta['conv1.weight'], stride=theta['conv1.weight'].shape[-1]).flatten(2).transpose(1, 2)
    x = norm(torch.cat([theta['class_embedding'].expand(len(x), 1, WIDTH), x], 1) + theta['positional_embedding'], 'ln_pre')
    for i in range(LAYERS):
        at = f'transformer.resblocks.{i}.'
        attention = torch.nn.MultiheadAttention(WIDTH, HEADS, batch_first=True).to(x.dtype)
        attention.load_state_dict({name[len(f'{at}attn.'):]: value for name, value in theta.items() if name.startswith(f'{at}attn.')})
        h = norm(x, f'{at}ln_1')
        x = x + attention(h, h, h)[0]
        wide = functional.linear(norm(x, f'{at}ln_2'), theta[f'{at}mlp.c_fc.weight'], theta[f'{at}mlp.c_fc.bias'])
        active = wide * torch.sigmoid(1.702 * wide)
        x = x + functional.linear(active, theta[f'{at}mlp.c_proj.weight'], theta[f'{at}mlp.c_proj.bias'])
    return norm(x[:, 0], 'ln_post') @ theta['proj']


def curvatures(theta, image):
    """Of one image and one token the curvature's form is |J delta|^2: behind the last layer's attention."""
    at = f'transformer.resblocks.{LAYERS - 1}.'
    forms = curvature(theta, [image])
    for name, form in zip((f'{at}attn.out_proj.', f'{at}mlp.c_fc.', f'{at}mlp.c_proj.'), forms[-3:]):
        delta = {f'{name}{part}': theta[f'{name}{part}'].cos() for part in ('weight', 'bias')}
        close(form(delta), (movement(theta, delta, image)[1] ** 2).sum(), 'curvature', 1e-10)  # of sums that cancel
