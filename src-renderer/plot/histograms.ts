// How a tensor's values are spread, and how large they are, as histograms with what their frames say of them.
import type { TensorStatistics, TensorValues } from '../../src-main/contract/checkpoint.ts'
import { asSentence, count, figure } from './format.ts'
import type { Kind } from './picture/axis.ts'
import { lowestPower, sizesSentence } from './sentences.ts'

export interface Histogram {
  edges: readonly number[] // one more than bars
  counts: readonly number[]
  kind: Kind // of its axis
  x: string
}

type Spread = NonNullable<TensorValues['spread']>

/** Bars of one width; of one value alone there is one. */
export function spreadChart(tensor: string, { low, high, counts }: Spread) {
  const room = low === high ? Math.abs(low) / 2 || 0.5 : 0
  const [from, width] = [low - room, (high - low + 2 * room) / counts.length]
  const edges = [...counts.map((_, i) => from + i * width), high + room]
  const most = Math.max(...counts)
  const at = counts.indexOf(most)
  const middle = `most, ${count(most)}, between ${figure(edges[at])} and ${figure(edges[at + 1])}`
  return chartOf(`Values of ${tensor}`, `Values from ${figure(low)} to ${figure(high)}; ${middle}.`, {
    ...{ edges, counts, kind: 'linear', x: 'value' },
  })
}

/** A bar for each power of two; what is smaller or larger counts in the outer ones. */
export function sizesChart(tensor: string, statistics: Pick<TensorStatistics, 'histogram' | 'zeros'>) {
  const counts = statistics.histogram
  const edges = Array.from({ length: counts.length + 1 }, (_, i) => 2 ** (lowestPower + i))
  const sentence = asSentence(`${sizesSentence(statistics)}; zeros are in no bar`)
  return chartOf(`Sizes in ${tensor}`, sentence, { edges, counts, kind: 'log', x: 'size |x|' })
}

function chartOf(title: string, sentence: string, histogram: Histogram) {
  const { edges, counts } = histogram
  return {
    ...{ title, sentence, histogram, columns: ['From', 'To', 'Values'] },
    rows: () => counts.map((n, i) => [seven(edges[i]), seven(edges[i + 1]), n]),
  }
}

const seven = (value = Number.NaN): number => Number(value.toPrecision(7))
