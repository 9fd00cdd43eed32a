"""The model of the example: ANNalog 1.0.6 (PyPI, MIT), a transformer of 4 million weights that writes analogues of a
molecule as SMILES; how it is sampled, and what RDKit says of what it writes. Its weights come with the package."""
from importlib.resources import files

import torch
from annalog.model_handler import SMILESModelHandler
from rdkit import Chem, RDLogger
from rdkit.Chem import QED, Crippen
from safetensors.torch import load_file

RDLogger.DisableLog("rdApp.*")
LONGEST = 80  # tokens

# Known drugs: analogues of the first are fine-tuned on, of the others scores are measured.
FOR_TUNING = """CC(=O)Oc1ccccc1C(=O)O CC(C)Cc1ccc(cc1)C(C)C(=O)O CC(=O)Nc1ccc(O)cc1 CN1C=NC2=C1C(=O)N(C)C(=O)N2C
CN(C)CCOC(c1ccccc1)c1ccccc1 CC(C)NCC(O)COc1cccc2ccccc12 CCN(CC)CC(=O)Nc1c(C)cccc1C COc1ccc2cc(ccc2c1)C(C)C(=O)O
NC(=O)N1c2ccccc2C=Cc2ccccc12 CN1C(=O)CN=C(c2ccccc2)c2cc(Cl)ccc12 OC(=O)Cc1ccccc1Nc1c(Cl)cccc1Cl
CC(C)NCC(O)c1ccc(O)c(O)c1 NS(=O)(=O)c1cc(C(=O)O)c(NCc2ccco2)cc1Cl CNCCC(Oc1ccc(cc1)C(F)(F)F)c1ccccc1
CN(C)CCCN1c2ccccc2CCc2ccccc12 Cc1ccc(cc1)S(=O)(=O)NC(=O)NN1CCCCCC1 CC(C)(C)NCC(O)c1ccc(O)c(CO)c1
COc1cc2c(cc1OC)C(=O)C(C2)CC1CCN(Cc2ccccc2)CC1 CN1CCC(CC1)=C1c2ccccc2CCc2cccnc12 Nc1ccc(cc1)S(=O)(=O)Nc1ncccn1""".split()
FOR_SCORES = """CCOC(=O)c1ccc(N)cc1 COCCc1ccc(OCC(O)CNC(C)C)cc1 CC(C(=O)O)c1cccc(c1)C(=O)c1ccccc1
CC(NC(C)(C)C)C(=O)c1cccc(Cl)c1 OC(c1ccccc1)(c1ccccc1)C1CCNCC1 CN1CCN(CC1)C1=Nc2cc(Cl)ccc2Nc2ccccc12
CCCC(=O)Nc1ccc(OCC(O)CNC(C)C)c(c1)C(C)=O Cc1ccccc1C(OCCN(C)C)c1ccccc1""".split()


def loaded(path=None):
    data = files("annalog") / "ckpt_and_vocab"
    vocabulary = str(data / "stereo_experiment_vocab_ttf.pkl")
    handler = SMILESModelHandler(vocabulary, vocabulary, str(data / "Lev_extended.pt"), device="cpu")
    source, target, model, *_ = handler.get_model_and_fields()
    if path is not None:
        model.load_state_dict(load_file(path))
    return source, target, model


@torch.no_grad()
def analogues(source, target, model, molecules, each, seed):
    """`each` samples of every molecule: [(molecule, SMILES that was written), ...]."""
    torch.manual_seed(seed)
    asked = [molecule for molecule in molecules for _ in range(each)]
    src = source.process([source.preprocess(molecule) for molecule in asked])
    mask = model.make_src_mask(src)
    encoded = model.encoder(src, mask)
    start, end = target.vocab.stoi["<sos>"], target.vocab.stoi["<eos>"]
    decoder = model.decoder
    whole = [(heads(layer.encoder_attention, encoded, "fc_k"), heads(layer.encoder_attention, encoded, "fc_v")) for layer in decoder.layers]
    before = [None] * len(decoder.layers)  # keys and values of the tokens so far, so that each is computed once
    written = torch.full((len(asked), 1), start)
    is_done = torch.zeros(len(asked), dtype=torch.bool)
    while written.shape[1] < LONGEST and not is_done.all():
        x = decoder.tok_embedding(written[:, -1:]) * decoder.scale + decoder.pos_embedding.weight[written.shape[1] - 1]
        for k, layer in enumerate(decoder.layers):
            own = [heads(layer.self_attention, x, of) for of in ("fc_k", "fc_v")]
            before[k] = own if before[k] is None else [torch.cat(pair, 2) for pair in zip(before[k], own)]
            x = layer.self_attn_layer_norm(x + attended(layer.self_attention, x, before[k], None))
            x = layer.enc_attn_layer_norm(x + attended(layer.encoder_attention, x, whole[k], mask))
            x = layer.ff_layer_norm(x + layer.positionwise_feedforward(x))
        following = torch.multinomial(torch.softmax(decoder.fc_out(x)[:, 0], -1), 1)[:, 0]
        following[is_done] = end
        is_done |= following == end
        written = torch.cat([written, following[:, None]], 1)
    return list(zip(asked, (smiles(row, target, end) for row in written.tolist())))


def heads(attention, x, of):
    """(samples, heads, tokens, width of a head)"""
    return getattr(attention, of)(x).view(len(x), -1, attention.n_heads, attention.head_dim).transpose(1, 2)


def attended(attention, x, keys_and_values, mask):
    found = torch.nn.functional.scaled_dot_product_attention(heads(attention, x, "fc_q"), *keys_and_values, attn_mask=mask)
    return attention.fc_o(found.transpose(1, 2).flatten(2))


def smiles(row, target, end):
    tokens = row[1 : row.index(end)] if end in row else row[1:]
    return "".join(target.vocab.itos[token] for token in tokens)


def properties(text):
    """Of one molecule; None where it is none."""
    molecule = Chem.MolFromSmiles(text) if text else None
    if molecule is None or molecule.GetNumAtoms() == 0:
        return None
    halogens = sum(atom.GetSymbol() in ("F", "Cl", "Br", "I") for atom in molecule.GetAtoms())
    known = Chem.MolToSmiles(molecule)
    return {"known": known, "logp": Crippen.MolLogP(molecule), "halogens": halogens, "qed": QED.qed(molecule)}
