// Every image of some splits prepared and kept, as a run would, and the splits held against each other: images of one
// that are in another too. Nothing is computed twice: what a run or an earlier report has prepared at this size is
// taken from the cache.

import { type ImagesToPrepare, type LeakReport, mostTwins, type PreparedSplit } from '../../contract/api/data.ts'
import type { Told } from '../../contract/engine-api.ts'
import type { Progress } from '../../contract/run/run.ts'
import { twinsBetween } from '../../engine/datasets/leaks/between.ts'
import { openPrepared, type PreparedImages } from '../../engine/datasets/prepared.ts'
import { parseSpec } from '../../engine/datasets/spec.ts'
import { cachesIn } from '../../files/caches.ts'
import { imageCache } from '../../files/image-cache.ts'
import { at } from '../../numbers/vectors.ts'
import { imageHost } from '../images/host.ts'
import { imagePool } from '../images/pool.ts'

export async function* prepareData(wanted: ImagesToPrepare): AsyncGenerator<Told<PreparedSplit[]>> {
  const open: Open[] = []
  try {
    yield* openAll(wanted, open)
    yield { type: 'result', result: open.map(({ images }) => images.facts) }
  } finally {
    await closeAll(open)
  }
}

export async function* leaksOf(wanted: ImagesToPrepare): AsyncGenerator<Told<LeakReport>> {
  const open: Open[] = []
  try {
    yield* openAll(wanted, open)
    const pairs: LeakReport['pairs'] = []
    for (const [i, there] of open.entries()) for (const here of open.slice(i + 1)) pairs.push(await pairOf(here, there))
    const splits = open.map(({ images }) => images.facts)
    yield { type: 'result', result: { size: wanted.size, splits, pairs } }
  } finally {
    await closeAll(open)
  }
}

interface Open {
  name: string
  images: PreparedImages
}

const pool = imagePool() // its threads begin with the first image, and hold nothing open

/** Into `open`, whose images are the caller's to close also when this is left in the middle. */
async function* openAll({ path, splits, size, home }: ImagesToPrepare, open: Open[]): AsyncGenerator<Progress, void> {
  const { images, room } = cachesIn(home)
  const host = imageHost(imageCache(images, room), pool)
  const total = splits.reduce((sum, { count }) => sum + count, 0)
  let before = 0
  for (const { name, count } of splits) {
    const spec = parseSpec(`${path}#${name}`)
    const opening = openPrepared(
      { spec, size, augment: null, onUnreadable: 'skip', signal: new AbortController().signal },
      host,
    )
    open.push({ name, images: yield* within(opening, before, total) })
    before += count
  }
}

/** Progress as a part of all that is to be prepared. */
async function* within(
  opening: AsyncGenerator<Progress, PreparedImages>,
  before: number,
  total: number,
): AsyncGenerator<Progress, PreparedImages> {
  let isOver = false
  try {
    for (;;) {
      const step = await opening.next()
      isOver = step.done === true
      if (step.done) return step.value
      const { what, done, total: mine, remainingSeconds } = step.value
      const left = total - before - done
      const seconds =
        remainingSeconds === undefined || mine === done ? undefined : (remainingSeconds / (mine - done)) * left
      yield {
        type: 'progress',
        what,
        done: before + done,
        total,
        ...(seconds !== undefined && { remainingSeconds: seconds }),
      }
    }
  } finally {
    if (!isOver) await opening.return(undefined as never)
  }
}

async function closeAll(open: readonly Open[]): Promise<void> {
  for (const { images } of open) await images.close()
}

async function pairOf(here: Open, there: Open): Promise<LeakReport['pairs'][number]> {
  const twins = await twinsBetween(here.images, there.images)
  const exact = twins.filter((twin) => twin.exact)
  const alike = twins.filter((twin) => !twin.exact).sort((a, b) => a.distance - b.distance)
  const named = ({ images }: Open, i: number) => ({ name: images.name(i), label: at(images.labels, i) })
  return {
    here: here.name,
    there: there.name,
    exact: exact.length,
    alike: alike.length,
    twins: [...exact, ...alike].slice(0, mostTwins).map((twin) => ({
      here: named(here, twin.here),
      there: named(there, twin.there),
      distance: twin.distance,
      exact: twin.exact,
    })),
  }
}
