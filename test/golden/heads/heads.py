"""Classification heads as the field pickles them, from PyTorch itself: `python heads.py`, which writes beside itself.

head_CarsVal.pt: rows of length 100, no bias as zeros; head_MNISTVal.pt: the same in the older, legacy container; head_DTDVal.pt: unit
rows; head_probe.pt: a trained layer. expected.json holds the unit rows (or the layer) and what each gives for one feature.
"""
import json, pathlib, sys, types
import torch

torch.manual_seed(11)
out = pathlib.Path(__file__).parent
modeling = types.ModuleType('src.modeling')  # the module of the class is not there when the file is read
sys.modules['src'], sys.modules['src.modeling'] = types.ModuleType('src'), modeling


class ClassificationHead(torch.nn.Linear):
    def __init__(self, normalize, weights, biases=None):
        super().__init__(weights.shape[1], weights.shape[0])
        self.normalize = normalize
        self.weight = torch.nn.Parameter(weights.clone())
        self.bias = torch.nn.Parameter(biases.clone() if biases is not None else torch.zeros_like(self.bias))

    def forward(self, inputs):
        if self.normalize:
            inputs = inputs / inputs.norm(dim=-1, keepdim=True)
        return super().forward(inputs)


ClassificationHead.__module__ = 'src.modeling'
modeling.ClassificationHead = ClassificationHead
feature = torch.randn(1, 8)
expected = {'feature': feature[0].tolist()}
for name, length, legacy in [('head_CarsVal.pt', 100, False), ('head_MNISTVal.pt', 100, True), ('head_DTDVal.pt', 1, False)]:
    rows = torch.nn.functional.normalize(torch.randn(5, 8), dim=1)
    head = ClassificationHead(True, length * rows)
    torch.save(head, out / name, _use_new_zipfile_serialization=not legacy)
    logits = head(feature)[0] * (1 if length == 100 else 100)
    expected[name] = {'rows': rows.flatten().tolist(), 'logits': logits.tolist()}
probe = ClassificationHead(False, torch.randn(5, 8), torch.randn(5))
torch.save(probe, out / 'head_probe.pt')
expected['head_probe.pt'] = {'rows': probe.weight.flatten().tolist(), 'logits': probe(feature)[0].tolist()}
(out / 'expected.json').write_text(json.dumps(expected))
