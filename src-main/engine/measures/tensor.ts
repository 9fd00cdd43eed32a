// One tensor's numbers: a part of them as they are, read by its range alone, and where it is asked for how all of them
// are spread: counts of the finite values x in bins of one width,
//   bin(x) = floor(bins (x - low) / (high - low)),   low and high the smallest and largest.
// That takes two passes; a piece at a time is held.
import type { TensorPart, TensorValues } from '../../contract/checkpoint.ts'
import type { Told } from '../../contract/engine-api.ts'
import { BasilError } from '../../contract/errors.ts'
import { dtypes, isNumeric } from '../formats/dtype.ts'
import { openTensorFile } from '../formats/open.ts'
import type { OpenSource } from '../formats/source.ts'
import type { TensorFile, TensorInfo } from '../formats/tensor-file.ts'
import { valueReader, widen } from './values.ts'

const bins = 64

/** Throws tensor-missing, and tensor-dtype for a type that Basil has no numbers for. */
export async function* tensorOf(
  path: string,
  { tensor, offset, count, spread }: TensorPart,
  open: OpenSource,
): AsyncGenerator<Told<TensorValues>> {
  const source = await open(path)
  try {
    const file = await openTensorFile(source)
    const info = file.tensors.get(tensor)
    if (!info || !isNumeric(info.dtype)) throw refusal(path, tensor, info)
    const { name, dtype, shape } = info
    const values = await partOf(file, info, offset, count)
    yield {
      type: 'result',
      result: { name, dtype, shape, offset, values, spread: spread ? yield* spreadOf(file, info) : null },
    }
  } finally {
    await source.close()
  }
}

async function partOf(
  file: TensorFile,
  { name, dtype, bytes }: TensorInfo,
  offset: number,
  count: number,
): Promise<TensorValues['values']> {
  const item = dtypes[dtype]
  const length = Math.min(count * item, bytes - offset * item)
  if (length <= 0) return []
  const values = new Float64Array(length / item)
  widen(await file.readRange(name, offset * item, length), dtype, values)
  return Array.from(values, (x) =>
    Number.isFinite(x) ? x : Number.isNaN(x) ? 'NaN' : x > 0 ? 'Infinity' : '-Infinity',
  )
}

async function* spreadOf(
  file: TensorFile,
  info: TensorInfo,
): AsyncGenerator<Told<never>, NonNullable<TensorValues['spread']> | null> {
  const valuesOf = valueReader(file)
  const total = (2 * info.bytes) / dtypes[info.dtype]
  let [low, high, done] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0]
  const far = (by: number): Told<never> => {
    done += by
    return { type: 'progress', what: info.name, done, total }
  }
  for await (const values of valuesOf(info)) {
    for (const x of values) {
      if (!Number.isFinite(x)) continue
      if (x < low) low = x
      if (x > high) high = x
    }
    yield far(values.length)
  }
  if (low > high) return null
  const counts = Array.from({ length: low === high ? 1 : bins }, () => 0)
  const scale = low === high ? 0 : bins / (high - low)
  for await (const values of valuesOf(info)) {
    for (const x of values) {
      if (!Number.isFinite(x)) continue
      const bin = Math.min(counts.length - 1, Math.floor((x - low) * scale))
      counts[bin] = (counts[bin] ?? 0) + 1
    }
    yield far(values.length)
  }
  return { low, high, counts }
}

function refusal(where: string, tensor: string, info: TensorInfo | undefined): BasilError {
  return new BasilError({
    code: info ? 'tensor-dtype' : 'tensor-missing',
    what: info ? 'This tensor has no numbers that Basil reads' : 'There is no such tensor',
    where,
    why: info ? `${tensor} is of the type ${info.dtype}` : `no tensor is called ${tensor}`,
    next: info ? 'look at another tensor' : 'look at the file again: it may have changed',
  })
}
