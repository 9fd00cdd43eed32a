// The benchmark from its command line on the tiny cases: both engines' figures are there, the document has the form it
// promises, a record is kept, and where a Python has torch both sides' gradients agree. BENCH_PYTHON names that Python.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, expect, test } from 'vitest'

import { bench } from '../../src-main/bench/bench.ts'
import {
  adamwLines,
  benchSchema,
  dataWaitLines,
  mergeLines,
  mixLines,
  type StepResult,
  stepLines,
  tuningLines,
} from '../../src-main/bench/report.ts'

const root = join(import.meta.dirname, '..', '..')
const python = process.env['BENCH_PYTHON'] ?? 'python3'
const hasTorch = spawnSync(python, ['-c', 'import torch']).status === 0
const folder = mkdtempSync(join(tmpdir(), 'basil-bench-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const options = {
  json: false,
  only: 'wasm-tiny',
  rounds: 1,
  peer: false,
  python,
  scratch: join(folder, 'scratch'),
  basil: 'test',
  environment: process.env,
  checkout: root,
  records: join(folder, 'records'),
}

function newest() {
  const file = readdirSync(options.records).sort().at(-1) as string
  return benchSchema.parse(JSON.parse(readFileSync(join(options.records, file), 'utf8')))
}

test('our side alone: every figure of ours, and in the place of ratios why there are none', async () => {
  expect(await bench(options)).toBe(true)
  const { steps, linearised, mix, adamw, engines, machine, peer } = newest()
  expect(steps.map((s) => s.name)).toEqual(
    ['vectors2', 'vectors2-float16', 'forward'].map((name) => `wasm-tiny-batch4-${name}`),
  )
  for (const { ours, peer, ratio, problem } of steps) {
    expect(ours?.wall).toBeGreaterThan(0)
    expect(ours?.cpu).toBeGreaterThan(0)
    if (process.platform === 'linux') expect(ours?.peak).toBeGreaterThan(2 ** 25)
    expect({ peer, ratio, problem }).toEqual({ peer: null, ratio: null, problem: '' })
  }
  expect(engines).toEqual([expect.stringMatching(/^wasm, \d/)])
  expect(peer).toBe('PyTorch was not asked for')
  expect(machine.cores).toBeGreaterThan(0)
  expect(stepLines(steps).at(-1)).toContain('no PyTorch here')
  expect(linearised).toEqual([expect.objectContaining({ name: 'wasm-tiny-linearised', images: 4 })])
  expect(linearised[0]?.disagreement).toBeLessThan(1e-4)
  expect(mix.map(({ name, images, linearised }) => [name, images, linearised])).toEqual([
    ['wasm-tiny-mix', 8, false],
    ['wasm-tiny-mix-linearised', 8, true],
  ])
  for (const { firstMs, firstP95Ms, firstImages, wholeMs } of mix) {
    expect([firstMs > 0, firstP95Ms >= firstMs, firstImages >= 4]).toEqual([true, true, true])
    expect(wholeMs).toBeGreaterThanOrEqual(firstMs)
  }
  expect(mixLines(mix)).toHaveLength(4)
  expect(adamw).toMatchObject([{ name: 'wasm-tiny-adamw', rounds: 1, fused: null, foreach: null }])
  expect(adamw[0]?.numbers).toBe(114_944)
  expect(adamw[0]?.ours.cpu).toBeGreaterThan(0)
  expect(adamwLines(adamw)).toHaveLength(3)
})

test('waiting for pixels: a share of the step from the cache, without one, and augmented', async () => {
  expect(await bench({ ...options, only: 'wasm-tiny-data-wait' })).toBe(true)
  const { dataWait, steps } = newest()
  expect(steps).toEqual([])
  expect(dataWait).toEqual([expect.objectContaining({ name: 'wasm-tiny-data-wait', batch: 4, images: 8 })])
  const [found] = dataWait
  for (const { stepMs, share } of [found?.cached, found?.uncached, found?.augmented].flatMap((one) => one ?? [])) {
    expect(stepMs).toBeGreaterThan(0)
    expect(share).toBeGreaterThanOrEqual(0)
    expect(share).toBeLessThanOrEqual(1)
  }
  expect(dataWaitLines(dataWait).at(-1)).toMatch(/wasm-tiny-data-wait .* % of /)
})

test('the merge of checkpoints, warm and, where the page cache can be emptied, cold', async () => {
  expect(await bench({ ...options, only: 'tiny-merge' })).toBe(true)
  const { merge, steps } = newest()
  expect(steps).toEqual([])
  expect(merge).toMatchObject({ vectors: 2, rounds: 1 })
  expect(merge?.warm.merge).toBeGreaterThan(0)
  expect(merge?.bytesRead).toBeGreaterThan(3 * (merge?.bytesWritten ?? 0) * 0.9)
  expect(mergeLines(merge)).toHaveLength(5)
})

test('fine-tuning: a step of each kind, a masked one beside our own standard one, and how long going on takes', async () => {
  expect(await bench({ ...options, only: 'wasm-tiny-tune' })).toBe(true)
  const { tuning, steps } = newest()
  expect(steps).toEqual([])
  expect(tuning.map(({ kind, against, problem }) => [kind, against, problem])).toEqual([
    ['standard', 'PyTorch', ''],
    ['linear', 'PyTorch', ''],
    ['talos', 'standard', ''],
  ])
  const [standard, , talos] = tuning
  expect(standard).toMatchObject({ other: null, ratio: null, learned: standard?.parameters })
  expect(standard?.resumeSeconds).toBeGreaterThan(0)
  expect(talos?.learned).toBeLessThan(talos?.parameters ?? 0) // embeddings stay as they are
  expect(talos?.ratio?.wall).toBeGreaterThan(0)
  expect(tuningLines(tuning)).toHaveLength(5)
})

test.runIf(hasTorch)("a step of fine-tuning has PyTorch's losses, standard and linear", async () => {
  expect(
    await bench({ ...options, only: 'wasm-tiny-tune-standard,wasm-tiny-tune-linear', rounds: 4, peer: true }),
  ).toBe(true)
  for (const { difference, ratio } of newest().tuning) {
    expect(difference).toBeLessThan(1e-4)
    expect(ratio?.peak).toBeGreaterThan(0)
  }
})

test('with --json the terminal gets one document, the one that is kept', () => {
  const records = join(folder, 'told')
  const args = [
    'src-main/cli.ts',
    'bench',
    '--json',
    '--no-peer',
    '--only',
    'wasm-tiny-batch4-forward',
    '--rounds',
    '2',
    '--records',
    records,
  ]
  const { stdout, status } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
  const [file = ''] = readdirSync(records) // and of its random checkpoints nothing is left
  expect(readdirSync(records)).toHaveLength(1)
  expect(JSON.parse(stdout)).toEqual(JSON.parse(readFileSync(join(records, file), 'utf8')))
  expect(benchSchema.parse(JSON.parse(stdout)).steps).toMatchObject([{ rounds: 2, problem: '' }])
  expect(status).toBe(0)
})

test('an engine that is not there is said to be not there, and its cases are left out', async () => {
  const { BASIL_ADDON: _, ...environment } = process.env
  expect(await bench({ ...options, only: 'native-tiny', environment })).toBe(true)
  expect(newest().engines).toEqual([expect.stringMatching(/^no native engine: .*not installed/)])
  expect(newest().steps).toEqual([])
})

test('a wrong gradient and a side that dies are failures, told in their case', async () => {
  const peer = join(folder, 'test', 'bench')
  const answers = (gradient: number) => `import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if message["do"] == "gradient": print(json.dumps({"loss": 1, "gradient": [[${gradient}] * len(c) for c in message["coefficients"]]}), flush=True)
    elif message["do"] == "open": print("{}", flush=True)
    elif message["do"] == "describe": print('{"name": "a peer", "kind": "cpu", "versions": {}}', flush=True)
    else: print('{"wall": 1, "cpu": 1, "loss": 1}', flush=True)
`
  const measured = async (source: string): Promise<StepResult | undefined> => {
    rmSync(peer, { recursive: true, force: true })
    mkdirSync(peer, { recursive: true })
    writeFileSync(join(peer, 'peer.py'), source)
    writeFileSync(join(folder, 'python'), `#!/bin/sh\ncase "$1" in -c) echo 1.0;; *) exec python3 "$@";; esac\n`, {
      mode: 0o755,
    })
    expect(
      await bench({
        ...options,
        only: 'wasm-tiny-batch4-vectors2-float16',
        peer: true,
        checkout: folder,
        python: join(folder, 'python'),
      }),
    ).toBe(false)
    return newest().steps[0]
  }
  expect((await measured(answers(1)))?.problem).toMatch(/^WRONG: at most/)
  expect((await measured('import sys\nsys.exit("no room left for the peer")'))?.problem).toBe(
    'no room left for the peer',
  )
})

test.runIf(hasTorch)('PyTorch beside us: its figures, the ratios, and gradients that agree', async () => {
  expect(await bench({ ...options, peer: true })).toBe(true)
  const { steps, adamw, peer } = newest()
  for (const form of [adamw[0]?.fused, adamw[0]?.foreach]) expect(form?.ratio.cpu).toBeGreaterThan(0)
  expect(peer).toMatch(/^PyTorch \d/)
  for (const { ratio, peer, difference, precision } of steps) {
    expect(peer?.name).toMatch(/^PyTorch \(CPU/)
    expect(ratio?.wall).toBeGreaterThan(0)
    expect(difference).toBeLessThan(precision === 'float16' ? 2e-3 : 1e-4)
  }
})
