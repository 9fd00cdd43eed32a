// Statistics as a merge reads them (Sources.statistics): of each vector a checkpoint whose tensors have the names of
// the parameters that they are of. Symmetric matrices of inputs are (in, in).
import { BasilError } from '../../../contract/errors.ts'
import { at } from '../../../numbers/vectors.ts'
import type { DoubleDevice, Matrix } from '../../devices/double/device.ts'
import { openTensorFile } from '../../formats/open.ts'
import type { ByteSource, OpenSource } from '../../formats/source.ts'
import type { TensorFile } from '../../formats/tensor-file.ts'
import { type Checkpoint, readParameter } from '../../weights/slices.ts'
import type { Part, Sources } from '../merge.ts'

/** A file of statistics, or the part of it whose names begin with `prefix`, as a checkpoint. */
export function statisticsIn(file: TensorFile, prefix = ''): Checkpoint {
  const seen = { original: file, layout: 'tensors', architecture: null, parameters: new Map() } as const
  return { file: { ...file, ...seen, called: (name) => name }, prefix }
}

/**
 * Of `vectors` models, in one file each or all in one, whose names begin with the model's place. Throws what opening a
 * file throws.
 */
export async function openStatistics(
  files: readonly string[],
  vectors: number,
  open: OpenSource,
): Promise<{ statistics: Checkpoint[]; close(): Promise<void> }> {
  const sources: ByteSource[] = []
  const close = async (): Promise<void> => {
    await Promise.all(sources.map((source) => source.close()))
  }
  try {
    const opened: TensorFile[] = []
    for (const path of files) {
      const source = await open(path)
      sources.push(source)
      opened.push(await openTensorFile(source))
    }
    const [first] = opened
    const isShared = first && opened.length === 1 && [...first.tensors.keys()].every((name) => /^\d+\./.test(name))
    const statistics = isShared
      ? Array.from({ length: vectors }, (_, t) => statisticsIn(first, `${t}.`))
      : opened.map((file) => statisticsIn(file))
    return { statistics, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** One for each vector. Throws config-invalid where there are none. */
export function statisticsOf({ statistics = [], vectors }: Sources, title: string): readonly Checkpoint[] {
  if (statistics.length === vectors.length) return statistics
  throw new BasilError({
    code: 'config-invalid',
    what: `${title} needs statistics of each model on its own task's images`,
    where: vectors.map(({ file }) => file.source.name).join(', '),
    why: `there are ${vectors.length} models, and statistics of ${statistics.length}`,
    next: 'name images for each model: --data, in the order of --vectors',
    inWindow: 'name images for each model',
  })
}

/** Those of a part's vectors; null where they have none of this parameter. */
export function ofPart(all: readonly Checkpoint[], { name, which }: Part): Checkpoint[] | null {
  const own = which.map((t) => at(all, t))
  return own.every(({ file, prefix }) => file.tensors.has(prefix + name)) ? own : null
}

/** (n, n) on the device. Throws tensor-shape, or tensor-not-finite. */
export async function readMoments(device: DoubleDevice, of: Checkpoint, name: string, n: number): Promise<Matrix> {
  const values = await readParameter(of, name)
  if (values.length === n * n) return device.matrix(n, n, values)
  throw new BasilError({
    code: 'tensor-shape',
    what: 'The statistics are not those of these models',
    where: `${of.file.source.name}: ${of.prefix}${name}`,
    why: `it has ${values.length} numbers, and the layer has ${n} inputs`,
    next: 'collect them again',
  })
}

/** sum_t w_t tau_t / sum_t w_t; the plain mean where the weights cancel out. */
export async function meanOf({ base, which, read, weights }: Part): Promise<Float64Array> {
  const shares = sharesOf(weights)
  const sum = new Float64Array(base.length)
  for (const place of which.keys()) {
    const [tau, by] = [await read(place), at(shares, place)]
    for (let i = 0; i < sum.length; i++) sum[i] = at(sum, i) + by * at(tau, i)
  }
  return sum
}

/** Of weights that sum to 1. */
export function sharesOf(weights: readonly number[]): number[] {
  const sum = weights.reduce((a, b) => a + b, 0)
  return weights.map((w) => (Math.abs(sum) > 1e-8 ? w / sum : 1 / weights.length))
}
