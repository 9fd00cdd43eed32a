// A mix is measured in waves: as many images of each task as an eye does not wait for, then four times as many, until
// all are seen. What is counted stays counted, so that the last wave is the accuracy on the whole split. How many the
// first wave may have is what the machine was measured to do.
import { setImmediate } from 'node:timers/promises'

import type { MixScores } from '../../../contract/api/mix.ts'
import type { Table } from '../../../numbers/table.ts'
import { at } from '../../../numbers/vectors.ts'
import { objectiveNamed } from '../../learning/objective.ts'
import { applyHead } from '../../problems/head.ts'
import type { MixSource, Seen } from './sources.ts'
import type { MixTask } from './tasks.ts'

/** Milliseconds, as measured so far; null before anything was. */
export interface Pace {
  compose: number | null // of a mix
  image: number | null
}

const firstNumbers = 90 // ms until the first wave is over
const deaf = 40 // ms between two looks whether it is still wanted
const [fewest, usual] = [4, 64] // images of each task in the first wave

/** Ends where it is not wanted any more. */
export async function* inWaves(
  source: MixSource,
  tasks: readonly MixTask[],
  coefficients: Table,
  pace: Pace,
  isWanted: () => boolean,
): AsyncGenerator<MixScores> {
  const began = performance.now()
  const model = await source.at(coefficients, isWanted)
  if (!model) return
  pace.compose = performance.now() - began
  const counted = tasks.map(() => ({ images: 0, correct: 0 }))
  try {
    const most = Math.max(0, ...tasks.map(({ images }) => images.count))
    for (let until = firstWave(pace, tasks.length); ; until *= 4) {
      const wave = tasks.flatMap(({ order }, task) =>
        Array.from(order.subarray(counted[task]?.images, until), (index): Seen => ({ task, index })),
      )
      for (let first = 0; first < wave.length; ) {
        await setImmediate()
        if (!isWanted()) return
        const some = wave.slice(first, first + atOnce(pace, model.most))
        const start = performance.now()
        judge(tasks, some, await model.features(some), counted)
        pace.image = (performance.now() - start) / some.length
        first += some.length
      }
      const done = until >= most
      yield { type: 'scores', tasks: counted.map((count) => ({ ...count })), done }
      if (done) return
    }
  } finally {
    model.dispose()
  }
}

function firstWave({ compose, image }: Pace, tasks: number): number {
  if (image === null) return fewest
  const left = Math.max(0, firstNumbers - (compose ?? 0))
  return Math.min(usual, Math.max(fewest, Math.floor(left / image / tasks)))
}

const atOnce = ({ image }: Pace, most: number): number =>
  image === null ? Math.min(most, usual) : Math.max(1, Math.min(most, Math.floor(deaf / image)))

const objective = objectiveNamed('cross-entropy') // of any loss only what is predicted is read

/** features (images, embed). */
function judge(
  tasks: readonly MixTask[],
  images: readonly Seen[],
  features: Float32Array,
  counted: { images: number; correct: number }[],
): void {
  for (let first = 0; first < images.length; ) {
    const { task } = at(images, first)
    let end = first
    while (images[end]?.task === task) end++
    const { head, images: own } = at(tasks, task)
    const labels = Int32Array.from(images.slice(first, end), ({ index }) => at(own.labels, index))
    const { correct } = applyHead(head, objective, features, first, labels, 1)
    const count = at(counted, task)
    count.images += labels.length
    count.correct += correct
    first = end
  }
}
