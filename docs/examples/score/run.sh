#!/bin/sh
# The whole example: three fine-tuned models are made, and merged by scores in four ways. All searches share one log.
# Use: sh run.sh FOLDER  (a Python with torch, safetensors, annalog==1.0.6, partialsmiles and rdkit as PYTHON; basil as BASIL)
set -e
here=$(cd "$(dirname "$0")" && pwd)
folder=$1
python=${PYTHON:-python3}
basil=${BASIL:-basil}
[ -e "$folder/qed.safetensors" ] || "$python" "$here/make.py" "$folder"
cd "$folder"

merge() {
  out=$1
  shift
  echo "== $out"
  $basil merge --pretrained base.safetensors --score "\"$python\" \"$here/score.py\" {model}" --score-log scores.jsonl \
    --score-seconds 1200 --bound 'validity>=0.95*base' --out "$out.safetensors" "$@"
}

merge sweep --method task-arithmetic --vectors qed.safetensors --sweep lambda=0.25:1:0.25 --best qed
merge negation --method task-arithmetic --vectors logp.safetensors --weights -1 --sweep lambda=0.25:1:0.25 --best logp --lower logp
merge soup --search greedy-soup --vectors qed.safetensors logp.safetensors halogens.safetensors --best qed
merge evolution --method task-arithmetic --vectors qed.safetensors logp.safetensors halogens.safetensors \
  --search cma-es --evaluations 14 --seed 0 --best qed
