"""More checkpoints than the shared fixtures have, from PyTorch and NumPy themselves: `python more.py`, which writes more/.

expected.safetensors holds what each must yield, as FILE/TENSOR; a file that is not in it must be refused.
"""
import collections, io, pathlib, types, warnings
import numpy as np, torch
from safetensors.torch import save_file

warnings.simplefilter('ignore')
torch.manual_seed(5)
out = pathlib.Path(__file__).parent / 'more'
out.mkdir(exist_ok=True)
expected = {}


def note(file, tensors):
    expected.update({f'{file}/{name}': t.detach().clone().contiguous() for name, t in tensors.items()})


# TorchScript, as OpenAI published CLIP: half precision weights, buffers, modules within modules, and constants beside
# them.
class Visual(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 4, 2, bias=False)
        self.class_embedding = torch.nn.Parameter(torch.randn(4))

    def forward(self, x):
        return self.conv1(x) + self.class_embedding[:, None, None] + torch.tensor([0.5])


class Clip(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.visual = Visual()
        self.logit_scale = torch.nn.Parameter(torch.tensor(4.6))
        self.register_buffer('input_resolution', torch.tensor(224))

    def forward(self, x):
        return self.visual(x) * self.logit_scale


clip = Clip().half()
torch.jit.script(clip).save(str(out / 'scripted.pt'))
note('scripted.pt', clip.state_dict())
traced = torch.jit.trace(clip.float(), torch.zeros(1, 3, 4, 4))
traced.save(str(out / 'traced.pt'))
note('traced.pt', traced.state_dict())

# Every protocol of pickle, in both containers.
state = collections.OrderedDict(weight=torch.randn(3, 2), bias=torch.randn(3, dtype=torch.float64), steps=torch.tensor(-7, dtype=torch.int32))
state['naïve 東京'] = torch.tensor([True, False])
for protocol in (2, 3, 4, 5):
    torch.save(state, out / f'protocol-{protocol}.pt', pickle_protocol=protocol)
    torch.save(state, out / f'protocol-{protocol}-legacy.pt', pickle_protocol=protocol, _use_new_zipfile_serialization=False)
    note(f'protocol-{protocol}.pt', state)
    note(f'protocol-{protocol}-legacy.pt', state)

# All element types; a view that repeats, one without elements, one through a transposed middle, each other row, a
# parameter.
grid = torch.randn(4, 5, 6)
kinds = {str(t).removeprefix('torch.'): torch.arange(6).to(t) for t in (
    torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64,
    torch.uint16, torch.uint32, torch.uint64)}
views = {**kinds, 'expanded': torch.tensor([1.5, -2]).expand(3, 2), 'empty': torch.empty(0, 3), 'permuted': grid.permute(2, 0, 1),
         'stepped': grid[::2, 1:, ::3], 'parameter': torch.nn.Parameter(grid[1]), 'scalar': torch.tensor(2.5)}
for file, new in (('kinds.pt', True), ('kinds-legacy.pt', False)):
    torch.save(views, out / file, _use_new_zipfile_serialization=new)
    note(file, views)

# Wrapped in the ways of trainers.
model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
optimizer = torch.optim.AdamW(model.parameters())
model(torch.randn(4, 2)).sum().backward()
optimizer.step()
torch.save({'epoch': 1, 'best': np.float64(0.5), 'model': {f'module.{k}': v for k, v in model.state_dict().items()},
            'optimizer': optimizer.state_dict(), 'rng': torch.get_rng_state()[:16]}, out / 'trainer.pt')
note('trainer.pt', model.state_dict())
torch.save(model, out / 'sequential.pt')
note('sequential.pt', model.state_dict())
torch.save(types.SimpleNamespace(vector={'a': torch.ones(2), 'b': torch.zeros(1)}, note='x'), out / 'task-vector.pt')
note('task-vector.pt', {'a': torch.ones(2), 'b': torch.zeros(1)})
torch.save([torch.ones(2), [torch.zeros(1), torch.full((1,), 3.0)]], out / 'nested-list.pt')
note('nested-list.pt', {'0': torch.ones(2), '1.0': torch.zeros(1), '1.1': torch.full((1,), 3.0)})

# No tensors of Basil's kinds: refused.
torch.save({'w': torch.zeros(2, dtype=torch.complex64)}, out / 'complex.pt')
torch.save({'w': torch.eye(3).to_sparse()}, out / 'sparse.pt')
torch.save({'w': torch.quantize_per_tensor(torch.randn(4), 0.1, 0, torch.qint8)}, out / 'quantised.pt')
torch.save({'epoch': 3}, out / 'no-tensors.pt')

arrays = {'float32': np.arange(6, dtype='<f4').reshape(2, 3), 'fortran': np.asfortranarray(np.arange(24, dtype='<f8').reshape(2, 3, 4)),
          'half': np.linspace(-1, 1, 5, dtype='<f2'), 'labels': np.arange(4), 'mask': np.array([True, False]), 'scalar': np.float32(2.5),
          'none': np.zeros((0, 2), '<f4'), 'u8': np.arange(3, dtype='u1'), 'visual.proj': np.ones((2, 2), '<f4')}
np.savez(out / 'arrays.npz', **arrays)
np.savez_compressed(out / 'compressed.npz', **arrays)
for file in ('arrays.npz', 'compressed.npz'):
    note(file, {k: torch.from_numpy(np.array(v)) for k, v in arrays.items()})
np.savez(out / 'objects.npz', w=np.array([{}, None], dtype=object))
np.savez(out / 'big-endian.npz', w=np.arange(3, dtype='>f4'))
np.savez(out / 'text.npz', w=np.array(['a', 'b']))
save_file(expected, out / 'expected.safetensors')
