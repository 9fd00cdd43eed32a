"""What a model writes, as JSON on the last line: how much of it are molecules, how many distinct ones, and their means.
Use: python score.py MODEL [SAMPLES OF EACH MOLECULE [SEED]]"""
import json
import sys
from statistics import mean

from molecules import FOR_SCORES, analogues, loaded, properties

path, each, seed = (sys.argv[1:] + ["16", "0"][len(sys.argv) - 2 :])[:3]
source, target, model = loaded(path)
written = analogues(source, target, model, FOR_SCORES, int(each), int(seed))
found = [of for _, text in written if (of := properties(text))]
print(
    json.dumps(
        {
            "validity": len(found) / len(written),
            "distinct": len({of["known"] for of in found}) / len(written),
            **{name: mean(of[name] for of in found) if found else -10 for name in ("logp", "halogens", "qed")},
        }
    )
)
