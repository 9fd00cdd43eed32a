// Where a linearised checkpoint (linear fine-tuning, tau-Jp) was expanded: beside its weights it keeps that point,
// params0. Its task vector means
//   f_lin(x) = f(x; params0) + J(x; params0) (theta - params0)
// only if params0 is the pre-trained model of the run. Of each parameter the first 4,096 elements are looked at: no two
// models share them.

import { BasilError } from '../../contract/errors.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import { product } from '../../numbers/vectors.ts'
import type { Dtype } from '../formats/dtype.ts'
import { infoOf } from '../formats/tensor-file.ts'
import { expansion } from '../layouts/layout.ts'
import type { Parents } from '../weights/parents.ts'
import { type Checkpoint, readSlice } from '../weights/slices.ts'

const most = 4096
// relative, of one that was stored in fewer bits
const rounding: Partial<Record<Dtype, number>> = { F16: 2 ** -10, BF16: 2 ** -7 }

/**
 * What a person should know of linearised checkpoints among the vectors. Throws data-invalid in a linearised run where
 * one was expanded elsewhere.
 */
export async function expansionNotes(
  { linearised }: Pick<ResolvedConfig, 'linearised'>,
  parents: Parents,
): Promise<string[]> {
  const notes: string[] = []
  for (const { file, prefix } of parents.vectors.filter((vector) => vector.file.layout === 'linearised')) {
    const name = file.source.name
    const elsewhere = await firstElsewhere(parents, { file, prefix })
    if (elsewhere !== null && linearised !== 'no')
      throw expandedElsewhere(name, file.called(elsewhere), parents.base.file.source.name)
    if (elsewhere !== null)
      notes.push(
        `${name} was linearised at another model than the pre-trained one: ${file.called(elsewhere)} is not equal`,
      )
    if (linearised === 'no')
      notes.push(`${name} is a linearised model; this run is not linearised and measures it as any other`)
  }
  return notes
}

/**
 * The canonical name of the first parameter of the expansion point that is not the pre-trained model's; null where all
 * are, or there is no such point.
 */
async function firstElsewhere({ base, parameters }: Parents, { file, prefix }: Checkpoint): Promise<string | null> {
  const point: Checkpoint = { file, prefix: expansion + prefix }
  for (const [name, shape] of parameters) {
    if (!file.tensors.has(point.prefix + name)) continue
    const count = Math.min(most, product(shape))
    const [here, there] = [
      await readSlice(base, name, 0, count, new Float32Array(count)),
      await readSlice(point, name, 0, count, new Float32Array(count)),
    ]
    const allowed = Math.max(
      ...[base, point].map((of) => rounding[infoOf(of.file.tensors, of.prefix + name, of.file.source).dtype] ?? 0),
    )
    if (here.some((v, i) => !(Math.abs(v - (there[i] as number)) <= allowed * Math.abs(v)))) return point.prefix + name
  }
  return null
}

function expandedElsewhere(name: string, tensor: string, pretrained: string): BasilError {
  return new BasilError({
    code: 'data-invalid',
    what: `${name} was linearised at another model`,
    where: `${name}: ${tensor}`,
    why: `it is not equal to that of ${pretrained}`,
    next: 'give the pre-trained model that it was fine-tuned from',
  })
}
