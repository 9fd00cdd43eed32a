// The real engine fine-tunes the sample's small tower from a terminal: killed -9 in the middle, the whole of it, it
// goes on to the bytes of one that was not.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { expect, test } from 'vitest'

import { type TuningEvent, tuningEventSchema } from '../../src-main/contract/tuning/tuning.ts'
import { temporaryFolder } from '../workbench/toy.ts'
import { modelFolder, writeTuning } from '../workbench/tunings/toy.ts'
import { basil, oneThread, outcome, start } from './terminal.ts'

const eventsIn = (out: string): TuningEvent[] =>
  out
    .trim()
    .split('\n')
    .map((line) => tuningEventSchema.parse(JSON.parse(line)))

const lossesIn = (events: readonly TuningEvent[]): Map<number, number> =>
  new Map(events.flatMap((event) => (event.type === 'step' ? [[event.step, event.loss] as const] : [])))

test.for(['standard', 'linear'])(
  '%s: killed -9 with its engine in the middle, it goes on to the bytes of the unbroken one',
  async (kind) => {
    const [folder, whole, broken] = [modelFolder(), temporaryFolder(), temporaryFolder()]
    const data = 'tasks.safetensors#mnist.'
    const config = writeTuning(folder, {
      task: {
        ...{ name: 'mnist', head: 'tasks.safetensors#head.mnist' },
        ...{ data: `${data}learning`, validation: `${data}validation`, test: `${data}test` },
      },
      ...{ kind, steps: 12, batch: 8, checkpointEvery: 4, warmup: 4, learningRate: 1e-4, microBatch: 8 },
    })
    const unbroken = await basil(['fine-tune', config, '--json'], { home: whole, env: oneThread })
    expect(unbroken).toMatchObject({ code: 0 })
    const events = eventsIn(unbroken.out)
    expect(events.at(-1)).toMatchObject({ type: 'done', split: 'test', steps: 12 })

    const child = start(['fine-tune', config, '--json'], { home: broken, env: oneThread })
    const ended = outcome(child)
    for await (const line of createInterface({ input: child.stdout })) if (line.includes('"step":5,')) break
    child.kill('SIGKILL')
    await ended
    const resumed = await basil(['fine-tune', '--resume', '1', '--json'], { home: broken, env: oneThread })
    expect(resumed).toMatchObject({ code: 0 })
    const rest = eventsIn(resumed.out)
    expect(rest.find(({ type }) => type === 'opened')).toMatchObject({ from: expect.any(Number) })
    const losses = lossesIn(events)
    for (const [step, loss] of lossesIn(rest)) expect(losses.get(step)).toBe(loss)
    const model = (home: string): Buffer => readFileSync(join(home, 'models', `mnist-${kind}.safetensors`))
    expect(model(broken).equals(model(whole))).toBe(true)
    const listed = JSON.parse((await basil(['fine-tune', '--list', '--json'], { home: broken })).out) as object[]
    expect(listed).toMatchObject([{ state: 'done', steps: 12 }])
  },
)

test('another layout and type: the model is written as it is asked for', async () => {
  const [folder, home] = [modelFolder(), temporaryFolder()]
  const config = writeTuning(folder, { steps: 2, batch: 4, microBatch: 4 })
  const out = join(folder, 'tuned.pt')
  const asked = ['--out', out, '--layout', 'image encoder', '--dtype', 'float16', '--json']
  const ran = await basil(['fine-tune', config, ...asked], { home, env: oneThread })
  expect(ran).toMatchObject({ code: 0 })
  const inspected = await basil(['inspect', out, '--json'], { home, env: oneThread })
  expect(JSON.parse(inspected.out)).toMatchObject({
    ...{ format: 'pytorch', layout: 'image encoder', dtype: 'F16', role: 'fine-tuned', nonFinite: 0 },
    metadata: { 'basil.tuning': expect.stringContaining('"kind":"standard"') },
  })
})
