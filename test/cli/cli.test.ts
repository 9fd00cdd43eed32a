import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { expect, test } from 'vitest'

import { runId } from '../../src-main/contract/branded.ts'
import { runDetailSchema, runEventSchema, runSummarySchema } from '../../src-main/contract/run/run.ts'
import { temporaryFolder, toyFile, toyWorkbench } from '../workbench/toy.ts'
import type { Toy } from '../workbench/toy-faults.ts'
import { outcome, type Started, start, withToy } from './terminal.ts'

const basil = (home: string, args: string[], toy: Toy = {}): Started => start(args, { home, env: withToy(toy) })

const lines = (out: string): unknown[] =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

function configIn(folder: string, change: object = {}): string {
  const file = join(folder, 'run.json')
  writeFileSync(file, JSON.stringify({ ...toyFile, ...change }))
  return file
}

test('run, runs, show and export --json hold JSON and nothing else, even from an engine that prints', async () => {
  const home = temporaryFolder()
  const ran = await outcome(basil(home, ['run', configIn(home), '--json'], { flood: true }))
  expect(ran).toMatchObject({ code: 0, err: '' })
  const events = lines(ran.out).map((event) => runEventSchema.parse(event))
  expect(events.at(-1)).toMatchObject({ type: 'done', run: 1, tasks: { cars: { accuracy: expect.any(Number) } } })
  const [listed, shown, exported] = await Promise.all([
    outcome(basil(home, ['runs', '--json'])),
    outcome(basil(home, ['show', '1', '--json'])),
    outcome(basil(home, ['export', '1', '--out', join(home, 'out.safetensors'), '--iteration', '1', '--json'])),
  ])
  expect((JSON.parse(listed.out) as unknown[]).map((row) => runSummarySchema.parse(row).run)).toEqual([1])
  expect(runDetailSchema.parse(JSON.parse(shown.out)).parents[0]?.file).toBe(join(home, 'base.safetensors'))
  expect(JSON.parse(exported.out)).toMatchObject({ file: join(home, 'out.safetensors') })
  expect(existsSync(join(home, 'out.safetensors'))).toBe(true)
  const told = await outcome(
    basil(home, ['export', '1', '--out', join(home, 'half.safetensors'), '--dtype', 'float16']),
  )
  expect(told.out).toMatch(
    /^Merged numbers were rounded to F16 \(to nearest, ties to even\); --dtype float32 keeps them$/m,
  )
})

test('exit codes: 1 a failed run, 2 a wrong configuration, 3 a refused file; errors are JSON too', async () => {
  const home = temporaryFolder()
  const bad = join(home, 'bad.json')
  writeFileSync(bad, '{"method":"magic"}')
  const missing = join(home, 'missing.json')
  writeFileSync(missing, JSON.stringify({ ...toyFile, pretrained: 'missing.safetensors' }))
  const failed = await outcome(
    basil(home, ['run', configIn(home), '--json'], { fault: { stage: 0, epoch: 1, how: 'throw' } }),
  )
  expect([failed.code, lines(failed.out).at(-1)]).toMatchObject([
    1,
    { type: 'ended', state: 'failed', error: { code: 'not-finite' } },
  ])
  const cases = [
    [['run', bad, '--json'], 2, { code: 'config-invalid', where: expect.stringContaining('method') }],
    [['run', join(home, 'absent.json'), '--json'], 2, { code: 'file-missing' }],
    [['run', missing, '--json'], 3, { code: 'file-missing' }],
    [
      ['inspect', '/etc/hostname', '--json'],
      3,
      {
        code: 'format-unknown',
        what: expect.any(String),
        where: '/etc/hostname',
        why: expect.any(String),
        next: expect.any(String),
      },
    ],
    [['show', '99', '--json'], 1, { code: 'run-missing' }],
  ] as const
  for (const { args, code, error, found } of await Promise.all(
    cases.map(async ([args, code, error], i) => ({
      args,
      code,
      error,
      found: await outcome(basil(join(home, String(i)), [...args])),
    })),
  ))
    expect([found.code, JSON.parse(found.out)], args.join(' ')).toMatchObject([code, { error }])
  const plain = await outcome(basil(home, ['show', '99']))
  expect(plain).toMatchObject({ code: 1, out: '', err: expect.stringContaining('There is no such run') })
})

test('Ctrl+C once stops and keeps the best so far', async () => {
  const home = temporaryFolder()
  const child = basil(home, ['run', configIn(home, { epochs: 100_000 }), '--json'], { wait: 5 })
  const ended = await interruptAfter(child, 6, 'SIGINT')
  expect(ended).toMatchObject({ code: 0, last: { type: 'ended', state: 'stopped' } })
})

test('a termination signal leaves a run that can be resumed, and readers see it as interrupted', async () => {
  const home = temporaryFolder()
  const holds = { stage: 1, until: join(home, 'never') }
  const child = basil(home, ['run', configIn(home), '--json'], { holds })
  expect(await interruptAfter(child, 3, 'SIGTERM')).toMatchObject({
    code: 1,
    last: { type: 'ended', state: 'interrupted' },
  })
  const reader = await toyWorkbench(home, undefined, false)
  expect(reader.runs.show(runId(1)).state).toBe('interrupted')
  await reader.close()
  const resumed = await outcome(basil(home, ['resume', '1', '--json']))
  expect(lines(resumed.out)[0]).toMatchObject({ type: 'started', run: 1, resumed: true })
  expect([resumed.code, lines(resumed.out).at(-1)]).toMatchObject([0, { type: 'done', run: 1 }])
})

test('a reader that closes the pipe ends the command quietly, and the run can be resumed', async () => {
  const home = temporaryFolder()
  const child = basil(home, ['run', configIn(home, { epochs: 100_000 }), '--json'], { wait: 5 })
  let err = ''
  child.stderr.on('data', (text) => (err += text))
  child.stdout.once('data', () => (child.stdout as unknown as { destroy(): void }).destroy())
  const [code, signal] = await once(child, 'close')
  expect({ code, signal, err }).toEqual({ code: 0, signal: null, err: '' })
  const reader = await toyWorkbench(home, undefined, false)
  expect(reader.runs.show(runId(1)).state).toBe('interrupted')
})

test("a second writer is refused with the first one's process, and reading goes on meanwhile", async () => {
  const home = temporaryFolder()
  const workbench = await toyWorkbench(home)
  const { code, out } = await outcome(basil(home, ['run', configIn(home), '--json']))
  expect([code, JSON.parse(out)]).toMatchObject([
    1,
    { error: { code: 'folder-busy', why: expect.stringContaining(`process ${process.pid}`) } },
  ])
  expect((await outcome(basil(home, ['runs', '--json']))).out).toBe('[]\n')
  const doctor = JSON.parse((await outcome(basil(home, ['doctor', '--json']))).out)
  expect(doctor).toMatchObject({
    engine: { name: 'toy' },
    threads: 1,
    gpu: { used: false, why: 'a test double' },
    dataFolder: home,
    writer: { pid: process.pid },
  })
  expect(workbench.interrupted).toEqual([])
})

test('schema prints JSON Schema, and help reads', async () => {
  const home = temporaryFolder()
  const schema = JSON.parse((await outcome(basil(home, ['schema']))).out)
  expect(schema).toMatchObject({
    type: 'object',
    properties: { method: { enum: expect.arrayContaining(['task-arithmetic', 'atlas', 'dv-basi']) } },
  })
  const help = (await outcome(basil(home, ['--help']))).out
  for (const command of ['run', 'resume', 'demo', 'runs', 'show', 'export', 'inspect', 'serve', 'doctor', 'schema'])
    expect(help).toMatch(new RegExp(`^  ${command} `, 'm'))
})

/** Sends a signal after so many epochs; the exit code and the last event. */
async function interruptAfter(
  child: ReturnType<typeof basil>,
  epochs: number,
  signal: NodeJS.Signals,
): Promise<{ code: number | null; last: unknown }> {
  const closed = once(child, 'close')
  let seen = 0
  let last: unknown
  for await (const line of createInterface({ input: child.stdout })) {
    last = JSON.parse(line)
    if ((last as { type: string }).type === 'epoch' && ++seen === epochs) child.kill(signal)
  }
  const [code] = await closed
  return { code, last }
}

test('demo compares the methods in runs that are kept, and ends with the table', async () => {
  const home = temporaryFolder()
  const { code, out } = await outcome(basil(home, ['demo', '--seeds', '2', '--json']))
  expect(code).toBe(0)
  const told = lines(out) as { type: string; run?: number }[]
  const last = told.at(-1) as { type: string; runs: number[]; table: { stage: string }[] }
  // task arithmetic draws nothing and runs once
  expect(last).toMatchObject({ type: 'done', seeds: 2, runs: [1, 2, 3, 4, 5] })
  expect(last.table.map((r) => r.stage)[0]).toBe('pre-trained')
  expect(last.table).toHaveLength(9)
  expect(told.filter((e) => e.type === 'done' && e.run)).toHaveLength(5)
  const plain = await outcome(basil(home, ['demo']))
  expect(plain.out).toContain('| task arithmetic')
  expect(plain.out).not.toContain('NaN')
})
