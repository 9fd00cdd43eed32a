// What a checkpoint's tensors hold, one by one, as the file names them, where Basil has numbers for their type:
//   norm sqrt(sum x^2), mean, smallest, largest over finite values; how many are 0, how many NaN or infinite;
//   and a histogram of floor(log2 |x|), a bin for each power of two from 2^-40 to 2^8; what is smaller or larger counts
//   in the outer bins.

import type { Statistics, TensorStatistics } from '../../contract/checkpoint.ts'
import type { Told } from '../../contract/engine-api.ts'
import { product } from '../../numbers/vectors.ts'
import { isNumeric } from '../formats/dtype.ts'
import { openTensorFile } from '../formats/open.ts'
import type { OpenSource } from '../formats/source.ts'
import type { TensorInfo } from '../formats/tensor-file.ts'
import { valueReader } from './values.ts'

const lowest = -40
const bins = 48

export async function* statisticsOf(path: string, open: OpenSource): AsyncGenerator<Told<Statistics>> {
  const source = await open(path)
  try {
    const file = await openTensorFile(source)
    const valuesOf = valueReader(file)
    const total = [...file.tensors.values()].reduce((sum, { bytes }) => sum + bytes, 0)
    const tensors: TensorStatistics[] = []
    let done = 0
    for (const info of file.tensors.values()) {
      done += isNumeric(info.dtype) ? 0 : info.bytes
      if (!isNumeric(info.dtype)) continue
      const tally = begun()
      for await (const values of valuesOf(info)) {
        count(tally, values)
        yield {
          type: 'progress',
          what: info.name,
          done: done + (info.bytes * tally.elements) / elementsOf(info),
          total,
        }
      }
      done += info.bytes
      tensors.push(concluded(info, tally))
    }
    yield { type: 'result', result: { tensors } }
  } finally {
    await source.close()
  }
}

interface Tally {
  elements: number
  squares: number
  sum: number
  smallest: number
  largest: number
  zeros: number
  nonFinite: number
  histogram: number[]
}

function begun(): Tally {
  const [smallest, largest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  return {
    elements: 0,
    squares: 0,
    sum: 0,
    smallest,
    largest,
    zeros: 0,
    nonFinite: 0,
    histogram: Array.from({ length: bins }, () => 0),
  }
}

function count(tally: Tally, values: Float64Array): void {
  // the second of each two begins with sign and exponent
  const words = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length)
  const { histogram } = tally
  let { squares, sum, smallest, largest, zeros, nonFinite } = tally
  for (let i = 0; i < values.length; i++) {
    const x = values[i] as number
    if (x === 0) zeros++
    const exponent = (((words[2 * i + 1] as number) >>> 20) & 0x7ff) - 1023 // floor(log2 |x|); 1024: not finite
    if (exponent === 1024) {
      nonFinite++
      continue
    }
    squares += x * x
    sum += x
    if (x < smallest) smallest = x
    if (x > largest) largest = x
    const bin = Math.min(Math.max(exponent - lowest, 0), bins - 1)
    if (x !== 0) histogram[bin] = (histogram[bin] as number) + 1
  }
  Object.assign(tally, { squares, sum, smallest, largest, zeros, nonFinite, elements: tally.elements + values.length })
}

function concluded({ name, dtype, shape }: TensorInfo, tally: Tally): TensorStatistics {
  const { elements, squares, sum, zeros, nonFinite, histogram } = tally
  const finite = elements - nonFinite
  const [mean, smallest, largest] = finite ? [sum / finite, tally.smallest, tally.largest] : [0, 0, 0]
  return { name, dtype, shape, norm: Math.sqrt(squares), mean, smallest, largest, zeros, nonFinite, histogram }
}

const elementsOf = ({ shape }: TensorInfo): number => product(shape)
