// How soon one sees what a moved coefficient does: from the change to the first numbers, and to those of all images, of
// the tower itself and of a linearised one, whose features are at hand. Every change moves one vector in one layer.
import type { MixCoefficients, MixRequest } from '../contract/api/mix.ts'
import { sha256 } from '../contract/branded.ts'
import { asTheyAre } from '../contract/mix/linear.ts'
import { resolveConfig } from '../contract/run/resolve.ts'
import { type Backend, groupsOf, openMix, openParents, unkept } from '../engine/index.ts'
import { openSource } from '../files/source.ts'
import { sum } from '../numbers/vectors.ts'
import { median } from './compare.ts'
import type { MixOpening, MixSpeed } from './protocol.ts'

export async function mixSpeed(backend: Backend, opening: MixOpening, rounds: number): Promise<MixSpeed> {
  const { pretrained, vectors, linearised } = opening
  const parents = await openParents(pretrained, vectors, openSource)
  try {
    const groups = groupsOf(parents, 'layer')
    const { signal } = new AbortController()
    const work = openMix(requestOf(opening, groups.names), parents, groups, {
      ...{ backend, open: openSource, features: unkept, signal },
    })
    let next = await work.next()
    while (!next.done) next = await work.next()
    const mix = next.value
    const first: { ms: number; images: number }[] = []
    const whole: number[] = []
    for (let round = 0; round <= rounds; round++) {
      const began = performance.now()
      const coefficients = movedIn(round, vectors.length, groups.names.length)
      let waves = 0
      for await (const { tasks } of mix.score(coefficients, () => true)) {
        if (waves++ > 0 || round === 0) continue // the first round warms up
        first.push({ ms: performance.now() - began, images: sum(tasks.map(({ images }) => images)) })
      }
      if (round > 0) whole.push(performance.now() - began)
    }
    await mix.close()
    const firsts = first.map(({ ms }) => ms).sort((a, b) => a - b)
    return {
      ...{ engine: backend.name, linearised, tasks: opening.tasks.length, vectors: vectors.length },
      images: sum(mix.images),
      firstMs: median(firsts),
      firstP95Ms: firsts[Math.ceil(0.95 * firsts.length) - 1] ?? Number.NaN,
      firstImages: median(first.map(({ images }) => images)),
      wholeMs: median(whole),
    }
  } finally {
    await parents.close()
  }
}

function movedIn(round: number, vectors: number, columns: number): MixCoefficients {
  const start = Array.from({ length: vectors }, (_, v) =>
    Array.from({ length: columns }, (_c, c) => (v === round % vectors && c === round % columns ? 0.4 : 0.3)),
  )
  return { start, iterations: [] }
}

function requestOf({ pretrained, vectors, tasks, linearised }: MixOpening, groups: string[]): MixRequest {
  const none = sha256('0'.repeat(64))
  const parent = (file: string) => ({ file, name: file, sha256: none })
  const { start } = movedIn(0, vectors.length, groups.length)
  return {
    recipe: {
      ...{ basil: '2', run: null, name: 'bench', method: asTheyAre.method, grouping: 'layer', linearised },
      ...{ iteration: 0, epoch: null, pretrained: parent(pretrained), vectors: vectors.map(parent) },
      ...{ steps: [asTheyAre], groups, start, iterations: [] },
    },
    tasks,
    ...{ split: 'validation', onUnreadable: 'refuse', files: [] },
    config: linearised
      ? resolveConfig({ method: 'atlas', pretrained, vectors, tasks, blocks: 'layer', linearised: 'cached' }, (p) => p)
      : null,
  }
}
