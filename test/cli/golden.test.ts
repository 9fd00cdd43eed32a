// The command line on the oracle's own example, field by field as scripts rely on them: run, show, export of any state,
// inspect; what is exported is what was evaluated, and an independent reading of the recipe gives the same weights.
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { beforeAll, describe, expect, test } from 'vitest'

import { openBackend } from '../../src-main/engine/devices/backend.ts'
import { objectiveNamed } from '../../src-main/engine/learning/objective.ts'
import { measure } from '../../src-main/engine/problems/clip-problem.ts'
import { microBatchOf } from '../../src-main/engine/problems/micro-batch.ts'
import { readTasks } from '../../src-main/engine/runs/tasks.ts'
import { openCheckpoint } from '../../src-main/engine/weights/checkpoint.ts'
import { loadCheckpoint } from '../../src-main/engine/weights/device.ts'
import { readParameter } from '../../src-main/engine/weights/slices.ts'
import { openSource } from '../../src-main/files/source.ts'
import {
  expected,
  expectedTensor,
  folder,
  goldenConfig,
  goldenExample,
  relativeError,
  tasks,
} from '../golden/fixture.ts'
import { basilSync, type Outcome } from './terminal.ts'

function basil(home: string, ...args: string[]): Outcome & { json: () => ReturnType<typeof JSON.parse> } {
  const told = basilSync(args, { home: join(home, 'data'), cwd: home })
  if (told.err && told.code === 0) expect(told.err).toBe('')
  return { ...told, json: () => JSON.parse(told.out) }
}

const example = goldenExample

describe('the example', () => {
  const home = mkdtempSync(join(tmpdir(), 'basil-golden-'))
  beforeAll(() => {
    for (const name of readdirSync(folder).filter((n) => !n.startsWith('expected')))
      copyFileSync(join(folder, name), join(home, name))
    writeFileSync(join(home, 'example.json'), JSON.stringify(example))
  })

  test("runs, and show tells the oracle's trajectory", async () => {
    const ran = basil(home, 'run', 'example.json', '--json')
    expect(ran.code).toBe(0)
    const events = ran.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(events.every((e) => typeof e.type === 'string')).toBe(true)
    expect(events.at(-1)).toMatchObject({
      type: 'done',
      run: 1,
      tasks: { alpha: { accuracy: expected['run.crossEntropy.final'].accuracy.alpha } },
    })

    const shown = basil(home, 'show', '1', '--json').json()
    expect(shown.blocks).toEqual(expected.blocks.map((b: { name: string }) => b.name))
    const close = async (got: number[][], name: string): Promise<void> => {
      const want = await expectedTensor(name)
      expect(Math.max(...got.flat().map((c, i) => Math.abs(c - (want[i] as number))))).toBeLessThan(1e-3)
      expect(got.flat()).toHaveLength(want.length)
    }
    expect(shown.start.coefficients).toHaveLength(3)
    await close(shown.start.coefficients, 'run.crossEntropy.atlas.coefficients')
    expect(relativeError(shown.start.losses, expected['run.crossEntropy.atlas'].losses)).toBeLessThan(1e-4)
    for (const [k, iteration] of shown.iterations.entries()) {
      expect(iteration).toMatchObject({ accepted: true, best: expected['run.crossEntropy.dvbasi'][k].best })
      expect(iteration.coefficients).toHaveLength(1)
      await close(iteration.coefficients, `run.crossEntropy.dvbasi.${k + 1}.coefficients`)
      expect(relativeError(iteration.losses, expected['run.crossEntropy.dvbasi'][k].losses)).toBeLessThan(1e-4)
    }
    for (const name of tasks) {
      const accuracy = expected['run.crossEntropy.final'].accuracy[name]
      expect(shown.tasks[name].accuracy).toBeCloseTo(accuracy, 12)
      expect(shown.tasks[name].relativeAccuracy).toBeCloseTo(accuracy / expected.accuracy.finetuned[name], 12)
    }
    expect(shown.config).toMatchObject({ start: { steps: 20, weightDecay: 0.5 }, iteration: { steps: 15 } })
    expect(shown.parents.filter((p: { role: string }) => p.role === 'vector')).toHaveLength(3)
    expect(shown.parents.every((p: { sha256: string }) => /^[0-9a-f]{64}$/.test(p.sha256))).toBe(true)
    expect(shown).toMatchObject({
      state: 'done',
      evaluatedOn: 'training',
      seeds: [0],
      engine: expect.stringContaining('wasm'),
      times: { seconds: expect.any(Number) },
    })
  })

  test("exports the final model: the oracle's block norms, the evaluated accuracy, its recipe inside", async () => {
    const exported = basil(home, 'export', '1', '--out', 'merged.safetensors', '--json').json()
    const inspected = basil(home, 'inspect', 'merged.safetensors', '--json').json()
    expect(inspected).toMatchObject({
      sha256: exported.sha256,
      role: 'merged',
      layout: 'open_clip',
      blocks: 32,
      nonFinite: 0,
    })
    const recipe = JSON.parse(inspected.metadata['basil.recipe'])
    expect(recipe).toMatchObject({ run: 1, iteration: 3, epoch: null, pretrained: { name: 'pretrained.safetensors' } })
    expect(inspected.metadata['basil.recipe']).not.toContain(home)

    const merged = await openCheckpoint(join(home, 'merged.safetensors'), openSource)
    for (const [b, { name }] of expected.blocks.entries()) {
      const norm = Math.sqrt(
        (await readParameter(merged, name.slice('visual.'.length))).reduce((sum, v) => sum + v * v, 0),
      )
      expect(Math.abs(norm / expected['run.crossEntropy.final'].blockNorms[b] - 1)).toBeLessThan(1e-5)
    }
    const backend = await openBackend({ prefer: 'wasm' })
    const config = goldenConfig('cross-entropy')
    const loaded = await loadCheckpoint(backend.ops, merged)
    const place = {
      tower: { architecture: merged.architecture, ops: backend.ops },
      tasks: await readTasks(config, merged.architecture, openSource),
      objective: objectiveNamed('cross-entropy'),
      microBatch: microBatchOf(96),
      signal: new AbortController().signal,
    }
    const measured = await measure(place, loaded.weights, 'training')
    const shown = basil(home, 'show', '1', '--json').json()
    const stored = shown.evaluations.find((e: { model: string }) => e.model === 'iteration').tasks
    measured.tasks.forEach((t, i) => expect(Math.abs(t.loss / stored[i].loss - 1)).toBeLessThan(1e-6))
    measured.tasks.forEach((t, i) => expect(t.accuracy).toBe(stored[i].accuracy))
    loaded.dispose()
    backend.close()
    await merged.file.source.close()

    const card = readFileSync(exported.card, 'utf8')
    for (const { sha256 } of shown.parents) expect(card).toContain(sha256)
    const mean = measured.tasks.reduce((sum, t) => sum + t.accuracy, 0) / measured.tasks.length
    expect(/^\| mean \|.*$/m.exec(card)?.[0].split(' | ')[4]).toBe((100 * mean).toFixed(1))
    expect(card).not.toContain(home)
  })

  test('exports any state the run ever had, and no other', () => {
    expect(basil(home, 'export', '1', '--out', 'state.safetensors', '--iteration', '0', '--epoch', '0').code).toBe(0)
    const base = basil(home, 'inspect', 'pretrained.safetensors', '--json').json()
    const state = basil(home, 'inspect', 'state.safetensors', '--json').json()
    expect(
      JSON.parse(state.metadata['basil.recipe'])
        .start.flat()
        .every((c: number) => c === 0),
    ).toBe(true) // aTLAS begins at the pre-trained model
    expect(state.tensors.map((t: { name: string }) => t.name).sort()).toEqual(
      base.tensors.map((t: { name: string }) => t.name).sort(),
    )
    const none = basil(home, 'export', '1', '--out', 'none.safetensors', '--iteration', '2', '--epoch', '99', '--json')
    expect(none).toMatchObject({ code: 1 })
    expect(none.json().error).toMatchObject({ code: 'run-missing', where: 'run 1, iteration 2, epoch 99' })
  })

  test('leaves an existing target alone', () => {
    const refused = basil(home, 'export', '1', '--out', 'merged.safetensors', '--json')
    expect(refused.code).toBe(1)
    expect(refused.json().error).toMatchObject({ code: 'target-exists' })
  })

  test.each([
    [{ seed: -1 }, 'seed'],
    [{ iteration: 3 }, 'iteration'],
    [{ start: undefined }, 'start'],
    [{ select: 'validation-loss' }, 'tasks[0].validation'],
    [{ tasks: [] }, 'tasks'],
    [{ steps: 5, epochs: 5 }, 'steps'],
  ])('refuses %j before any weight is read, naming the field', (change, field) => {
    writeFileSync(
      join(home, 'wrong.json'),
      JSON.stringify({ ...example, pretrained: 'there-is-no-such-file.safetensors', ...change }),
    )
    const refused = basil(home, 'run', 'wrong.json', '--json')
    expect(refused.code).toBe(2)
    expect(refused.json().error).toMatchObject({ code: 'config-invalid', where: expect.stringContaining(field) })
  })

  test('starts from a single fine-tuned model, and from task arithmetic with one coefficient in all', () => {
    const short = { ...example, tasks: example.tasks.slice(0, 1), iterations: 1, steps: 3 }
    writeFileSync(
      join(home, 'refine.json'),
      JSON.stringify({ ...short, start: { method: 'checkpoint', checkpoint: 'finetuned-alpha.safetensors' } }),
    )
    writeFileSync(
      join(home, 'scalar.json'),
      JSON.stringify({ ...short, blocks: 'scalar', start: { method: 'task-arithmetic' } }),
    )
    writeFileSync(
      join(home, 'layer.json'),
      JSON.stringify({
        ...short,
        method: 'atlas',
        iterations: undefined,
        start: undefined,
        blocks: 'layer',
        objective: 'entropy',
      }),
    )
    for (const name of ['refine', 'scalar', 'layer']) expect(basil(home, 'run', `${name}.json`, '--json').code).toBe(0)
    const [refined, scalar, layer] = ['2', '3', '4'].map((run) => basil(home, 'show', run, '--json').json())
    expect(refined.start).toMatchObject({ method: 'checkpoint', vectors: ['finetuned-alpha.safetensors'], best: 0 })
    expect(refined.start.coefficients.flat().every((c: number) => c === 1)).toBe(true)
    expect(refined.iterations).toHaveLength(1)
    expect(scalar.blocks).toEqual(['all'])
    expect(scalar.start.epochs).toHaveLength(21)
    expect(new Set(scalar.start.coefficients.flat()).size).toBe(1)
    expect(layer.blocks).toEqual(['embedding', 'output', 'layer 0', 'layer 1'])
    expect(layer.iterations).toEqual([])
  })

  test('doctor and schema say what there is', () => {
    expect(basil(home, 'doctor', '--json').json()).toMatchObject({
      engine: { name: expect.any(String), threads: expect.any(Number), reason: expect.any(String) },
    })
    expect(basil(home, 'schema').json()).toMatchObject({
      type: 'object',
      properties: { method: { enum: expect.arrayContaining(['task-arithmetic', 'atlas', 'dv-basi']) } },
    })
  })
})
