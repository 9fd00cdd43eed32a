// A mix on screen: numbers keep coming while a slider moves, the newest coefficients are what is measured in the end,
// every move can be undone, mixes that were measured whole can be taken again, and it goes on after the engine was away.
import { describe, expect, it, vi } from 'vitest'

import type { MergeAsked } from '../../../src-main/contract/api/merges.ts'
import type { MixCoefficients, MixEvent, MixScores, OpenedMix } from '../../../src-main/contract/api/mix.ts'
import { runId } from '../../../src-main/contract/branded.ts'
import { type Client, LiveMix } from '../../../src-renderer/state/mix/live-mix.svelte.ts'
import { mergeToMix } from '../../../src-renderer/state/mix/of-merge.ts'
import { withMove, withTried } from '../../../src-renderer/state/mix/past.ts'

const own: MixCoefficients = { start: [[0.5]], iterations: [] }
const opened: OpenedMix = {
  ...{ type: 'opened', session: 1, name: 'a', split: 'validation', control: null, instant: false, grouping: 'scalar' },
  ...{ groups: ['all'], vectors: ['a.pt'], own },
  tasks: [{ name: 't', images: 10, aim: 'learn', own: null, pretrained: null, reference: null }],
}
const cells = { part: 'start', row: 0, columns: [0] } as const
const numbers = (images: number): MixScores => ({
  type: 'scores',
  tasks: [{ images, correct: 1 }],
  done: images === 10,
})

/** An engine whose every answer is given by the test. */
function engine() {
  const asked: { value: number; tell(scores: MixScores): void; end(): void }[] = []
  const events = Promise.withResolvers<(event: MixEvent) => void>()
  async function* scoring(value: number): AsyncGenerator<MixScores> {
    const queue: (MixScores | null)[] = []
    let wake = (): void => undefined
    const put = (one: MixScores | null): void => {
      queue.push(one)
      wake()
    }
    asked.push({ value, tell: put, end: () => put(null) })
    for (;;) {
      while (queue.length === 0)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      const next = queue.shift()
      if (!next) return
      yield next
    }
  }
  async function* opening(): AsyncGenerator<MixEvent> {
    const queue: MixEvent[] = [opened]
    let wake = (): void => undefined
    events.resolve((event) => {
      queue.push(event)
      wake()
    })
    for (;;) {
      while (queue.length === 0)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      yield queue.shift() ?? opened
    }
  }
  const mix = {
    open: async () => opening(),
    score: async ({ coefficients }: { coefficients: MixCoefficients }) => scoring(coefficients.start[0]?.[0] ?? 0),
    export: async () => ({ job: 7 }),
  }
  return { asked, tell: events.promise, client: { mix } as unknown as Client }
}

const settled = (check: () => void) => vi.waitFor(check, { interval: 1 })

describe('a mix on screen', () => {
  it('waits for the first numbers while a slider moves, then asks for the newest alone', async () => {
    const { asked, client } = engine()
    const view = new LiveMix({ run: runId(1) }, client)
    void view.open()
    await settled(() => expect(asked).toHaveLength(1))
    for (const value of [0.6, 0.7, 0.8]) view.move(cells, value)
    expect([asked.length, view.isCurrent]).toEqual([1, false])
    asked[0]?.tell(numbers(4))
    await settled(() => expect(asked.map(({ value }) => value)).toEqual([0.5, 0.8]))
    expect(view.scores).toEqual(numbers(4)) // numbers of the one before are seen meanwhile
    asked[1]?.tell(numbers(4))
    await settled(() => expect(view.isCurrent).toBe(true))
    view.move(cells, 0.9) // what is refined gives way at once
    await settled(() => expect(asked.map(({ value }) => value)).toEqual([0.5, 0.8, 0.9]))
    asked[1]?.tell(numbers(10))
    asked[2]?.tell(numbers(4))
    asked[2]?.tell(numbers(10))
    asked[2]?.end()
    await settled(() => expect(view.tried.map(({ mix }) => mix.start)).toEqual([[[0.9]]]))
    view.close()
  })

  it('goes back by undo, to its own coefficients, to zero, and to one that was tried', async () => {
    const { asked, client } = engine()
    const view = new LiveMix({ run: runId(1) }, client)
    void view.open()
    await settled(() => expect(asked).toHaveLength(1))
    asked[0]?.tell(numbers(10))
    asked[0]?.end()
    await settled(() => expect(view.tried).toHaveLength(1))
    const value = () => view.mix?.start[0]?.[0]
    expect([view.isOwn, view.canUndo]).toEqual([true, false])
    view.move(cells, 0.6)
    view.move(cells, 0.7) // one move
    view.zero()
    expect(value()).toBe(0)
    view.undo()
    expect(value()).toBe(0.7)
    view.undo()
    expect([value(), view.isOwn, view.canUndo]).toEqual([0.5, true, false])
    view.zero()
    view.reset()
    expect(value()).toBe(0.5)
    view.zero()
    const [first] = view.tried
    if (first) view.take(first)
    expect(value()).toBe(0.5)
    await view.export()
    expect(view.job).toBe(7)
    view.close()
  })

  it('says what the engine is at, and measures again when it is back', async () => {
    const { asked, tell, client } = engine()
    const view = new LiveMix({ run: runId(1) }, client)
    void view.open()
    await settled(() => expect(asked).toHaveLength(1))
    const say = await tell
    say({ type: 'waiting', for: 'run 2' })
    await settled(() => expect([view.waiting, view.isOpen]).toEqual(['run 2', false]))
    view.move(cells, 0.25)
    expect(asked).toHaveLength(1)
    say(opened)
    await settled(() => expect(asked.at(-1)?.value).toBe(0.25)) // as it was moved meanwhile
    expect([view.waiting, view.isOpen]).toEqual([null, true])
    view.close()
  })
})

describe('what one can go back to', () => {
  it('has moves of one slider that follow each other as one', () => {
    const move = (of: string, at: number, value: number) => ({ of, at, before: { start: [[value]], iterations: [] } })
    const moves = [move('a', 0, 1), move('a', 100, 2), move('b', 200, 3), move('b', 5000, 4)].reduce(
      withMove,
      [] as never,
    )
    expect(moves.map(({ before }) => before.start[0]?.[0])).toEqual([1, 3, 4])
  })

  it('has one of each mix, the newest first, and few', () => {
    const tried = (value: number) => ({ mix: { start: [[value]], iterations: [] }, scores: numbers(10) })
    const all = [1, 2, 1, 3].map(tried).reduce(withTried, [] as never)
    expect(all.map(({ mix }) => mix.start[0]?.[0])).toEqual([3, 1, 2])
    expect(Array.from({ length: 20 }, (_, i) => tried(i)).reduce(withTried, [] as never)).toHaveLength(8)
  })
})

describe('a merge as it can be moved', () => {
  const asked = (method: string, parameters: object): MergeAsked => ({
    ...{ method, parameters: { ...parameters }, pretrained: null, vectors: [2, 3], name: '', place: 'exports' },
    form: { container: 'safetensors', layout: null, dtype: null },
  })
  it('is the average of differences where it is one of models', () => {
    expect(mergeToMix(asked('weighted-average', {}), 1)).toMatchObject({
      pretrained: 1,
      parameters: { of: 'differences' },
    })
    expect(mergeToMix(asked('weighted-average', {}), null)).toBeNull()
    const slerp = asked('slerp', {})
    expect(mergeToMix(slerp, 1)).toBe(slerp)
  })
})
