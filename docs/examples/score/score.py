"""What a model writes, as JSON on the last line: how much of it are molecules, how many distinct ones, and their means.
Use: python score.py MODEL"""
import json
import sys
from statistics import mean

from molecules import FOR_SCORES, analogues, loaded, properties

source, target, model = loaded(sys.argv[1])
written = analogues(source, target, model, FOR_SCORES, 16, seed=0)
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
