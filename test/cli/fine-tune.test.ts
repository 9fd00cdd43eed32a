// basil fine-tune from a terminal: events as lines, the model where it was asked for, what Ctrl+C leaves and how it
// goes on, and exit codes.
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { expect, test } from 'vitest'

import { type TuningEvent, tuningEventSchema } from '../../src-main/contract/tuning/tuning.ts'
import { temporaryFolder } from '../workbench/toy.ts'
import type { Toy } from '../workbench/toy-faults.ts'
import { modelFolder, task, writeTuning } from '../workbench/tunings/toy.ts'
import { type Outcome, outcome, type Started, start, withToy } from './terminal.ts'

const begin = (home: string, args: readonly string[], toy: Toy = {}): Started =>
  start(['fine-tune', ...args], { home, env: withToy(toy) })
const basil = (home: string, args: readonly string[], toy: Toy = {}): Promise<Outcome> =>
  outcome(begin(home, args, toy))

const eventsIn = (out: string): TuningEvent[] =>
  out
    .trim()
    .split('\n')
    .map((line) => tuningEventSchema.parse(JSON.parse(line)))

test('events are lines of JSON, the last with model and accuracy; it is listed, and checked by headers alone', async () => {
  const [home, folder] = [temporaryFolder(), modelFolder()]
  const config = writeTuning(folder)
  const plan = await basil(home, [config, '--check', '--json'])
  expect(plan.code).toBe(0)
  expect(JSON.parse(plan.out)).toMatchObject({ steps: 8, checkpointBytes: 12 })
  const out = join(folder, 'mine.safetensors')
  const ran = await basil(home, [config, '--json', '--out', out])
  expect(ran).toMatchObject({ code: 0, err: '' })
  const events = eventsIn(ran.out)
  expect(events.filter(({ type }) => type === 'step')).toHaveLength(8)
  expect(events.some(({ type }) => type === 'memory')).toBe(false)
  expect(events.at(-1)).toMatchObject({ type: 'done', model: out, accuracy: expect.any(Number), adapter: null })
  expect(existsSync(out)).toBe(true)
  const listed = await basil(home, ['--list'])
  expect(listed.out).toMatch(/^ {4}1 {2}\d{4}-\d\d-\d\d \d\d:\d\d {2}done {9}standard {6}standard on mnist {2}\d/)
  expect(JSON.parse((await basil(home, ['--list', '--json'])).out)).toMatchObject([{ tuning: 1, model: out, of: 8 }])
  const schema = JSON.parse((await basil(home, ['--schema'])).out) as { $schema: string }
  expect(schema.$schema).toContain('2020-12')
})

test("in words: what it takes, what came of it; in the field's folders where that is asked for", async () => {
  const [home, folder, into] = [temporaryFolder(), modelFolder(), temporaryFolder()]
  const ran = await basil(home, [writeTuning(folder, { task: task('Cars', true) }), '--convention', into])
  expect(ran).toMatchObject({ code: 0, err: '' })
  const [model = ''] = readdirSync(into)
  const file = join(into, model, 'CarsVal', 'finetuned.pt')
  for (const said of ['Fine-tuning 1: standard on Cars', '8 steps, 4 an epoch', 'Test data of Cars is opened', file])
    expect(ran.out).toContain(said)
  expect(ran.out).not.toContain('step 1/8') // a live line is for a terminal
  expect(existsSync(file)).toBe(true)
})

test('one Ctrl+C ends it after its next state and says how it goes on; a second ends it at once', async () => {
  const [home, folder] = [temporaryFolder(), modelFolder()]
  const config = writeTuning(folder, { steps: 400, checkpointEvery: 100 })
  const until = join(home, 'goes-on')
  const child = begin(home, [config, '--json'], { holds: { stage: 4, until } })
  const ended = outcome(child)
  for await (const line of createInterface({ input: child.stdout })) if (line.includes('"step":3,')) break
  child.stderr.on('data', (text) => String(text).includes('It ends after') && writeFileSync(until, ''))
  child.kill('SIGINT')
  const { code, err } = await ended
  expect(code).toBe(1)
  expect(err).toContain('It ends after its next state')
  expect(JSON.parse((await basil(home, ['--list', '--json'])).out)).toMatchObject([{ state: 'paused' }])
  const again = begin(home, ['--resume', '1'], { until: join(home, 'never') })
  const told = outcome(again)
  for await (const line of createInterface({ input: again.stdout })) if (line.includes('from step')) break
  again.kill('SIGTERM')
  expect((await told).code).not.toBe(0)
  const last = await basil(home, ['--resume', '1', '--json'])
  expect(last).toMatchObject({ code: 0, err: '' })
  expect(eventsIn(last.out).at(-1)).toMatchObject({ type: 'done', steps: 400 })
  expect((await basil(home, ['--resume', '1'])).err).toContain('it is done')
})

test('exit codes: 2 for a configuration that is wrong, 3 for a file that is refused, 1 for a failure', async () => {
  const [home, folder] = [temporaryFolder(), modelFolder()]
  const wrong = await basil(home, [writeTuning(folder, { kind: 'tau-jp' })])
  expect(wrong.code).toBe(2)
  expect(wrong.err).toContain('others')
  const missing = await basil(home, [writeTuning(folder, { pretrained: 'absent.safetensors' }), '--json'])
  expect(missing.code).toBe(3)
  expect(JSON.parse(missing.out)).toMatchObject({ type: 'error', error: { code: 'file-missing' } })
  const toy: Toy = { fault: { stage: 0, epoch: 2, how: 'throw' } }
  const failed = await basil(home, [writeTuning(folder)], toy)
  expect(failed.code).toBe(1)
  expect(failed.out).toContain('basil fine-tune --resume 1')
  const file = join(folder, 'taken.safetensors')
  writeFileSync(file, 'notes')
  expect((await basil(home, [writeTuning(folder), '--out', file])).code).toBe(1)
  expect((await basil(home, [])).err).toContain('name a configuration')
})
