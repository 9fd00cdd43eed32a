// A difference vector of 0, on the golden models: nothing that scales it changes anything, so that no iteration is run,
// which is told as it happens, kept with the run, and said on the terminal and the card ever after. And task vectors of
// 0, which are told before a run begins.

import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { detailLines, lineOf } from '../../src-main/cli/print.ts'
import { runId } from '../../src-main/contract/branded.ts'
import { formSchema } from '../../src-main/contract/checkpoint.ts'
import type { ResolvedConfig } from '../../src-main/contract/run/config.ts'
import { differenceVectorNotes } from '../../src-main/contract/run/difference-vector.ts'
import type { Recipe } from '../../src-main/contract/run/recipe.ts'
import type { EngineEvent, RunDetail, RunEvent } from '../../src-main/contract/run/run.ts'
import { type Backend, openBackend } from '../../src-main/engine/devices/backend.ts'
import type { OpenSource } from '../../src-main/engine/formats/source.ts'
import { checkRun } from '../../src-main/engine/runs/check.ts'
import { run } from '../../src-main/engine/runs/run.ts'
import { groupsOf } from '../../src-main/engine/weights/merge.ts'
import { openParents } from '../../src-main/engine/weights/parents.ts'
import { isUnmoved } from '../../src-main/engine/weights/unmoved.ts'
import { hashFile } from '../../src-main/files/hash.ts'
import { openSource } from '../../src-main/files/source.ts'
import { runDetail } from '../../src-main/history/detail.ts'
import { createRun } from '../../src-main/history/runs.ts'
import { filled } from '../../src-main/numbers/table.ts'
import { exportRun } from '../../src-main/workbench/export/export-run.ts'
import { keepEvent } from '../../src-main/workbench/runs/keep.ts'
import { look } from '../../src-main/worker/inspect.ts'
import { rebuild } from '../../src-main/worker/rebuild.ts'
import { folder as newFolder, now, opened, read } from '../history/rows.ts'
import { folder, goldenConfig } from './fixture.ts'

const template = join(import.meta.dirname, '../../resources/model-card.md')
// one step far too long: its best state is its first, the pre-trained model
const unlearned = { method: 'atlas', steps: 1, learningRate: 10 }
const nothing = { start: unlearned, iterations: 3, steps: 1 }
const tiny = { method: 'atlas', steps: 1, learningRate: 1e-13, initialCoefficient: 1e-12, weightDecay: 0 }
// A start that only makes things worse, and an iteration whose first state takes all of it away again.
const undone = {
  start: { ...tiny, initialCoefficient: -3 },
  iterations: 3,
  steps: 1,
  initialCoefficient: -1,
  learningRate: 1e-12,
  weightDecay: 0,
}

const zero: Record<string, [Record<string, unknown>, RunDetail['skipped'], string]> = {
  'a start that found nothing': [
    nothing,
    { first: 1, last: 3, why: 'zero' },
    'Iterations 1 to 3 are skipped: the best state of the start is the pre-trained model itself',
  ],
  'restart from nothing': [
    { ...nothing, control: 'restart' },
    { first: 1, last: 3, why: 'zero' },
    'Iterations 1 to 3 are skipped',
  ],
  'random directions of no length': [
    { ...nothing, control: 'random', iterations: 1 },
    { first: 1, last: 1, why: 'zero' },
    'Iteration 1 is skipped',
  ],
  'one factor for nothing': [
    { ...nothing, control: 'isotropic' },
    { first: 1, last: 3, why: 'zero' },
    'Iterations 1 to 3 are skipped',
  ],
  'a moved expansion of nothing': [
    { ...nothing, start: tiny, linearised: 'jvp', expansion: 'moved' },
    { first: 1, last: 3, why: 'rounding' },
    'Iterations 1 to 3 are skipped',
  ],
  'a start below rounding': [
    { start: tiny, iterations: 2, steps: 1 },
    { first: 1, last: 2, why: 'rounding' },
    'Iterations 1 to 2 are skipped: the difference vector of the start is below rounding',
  ],
  'an iteration that undid the start': [
    undone,
    { first: 2, last: 3, why: 'zero' },
    'Iterations 2 to 3 are skipped: the best state of iteration 1 is the pre-trained model itself',
  ],
}

describe('on wasm', () => {
  let backend: Backend
  beforeAll(async () => {
    backend = await openBackend({ prefer: 'wasm' })
  })
  afterAll(() => backend.close())

  async function events(
    config: ResolvedConfig,
    keep: (event: EngineEvent) => void = () => undefined,
  ): Promise<EngineEvent[]> {
    const found: EngineEvent[] = []
    const signal = new AbortController().signal
    const host = { backend, open: openSource, hash: hashFile, resume: null, parents: [], stopping: () => false, signal }
    for await (const event of run(config, host)) {
      found.push(event)
      keep(event)
    }
    return found
  }

  test.each(Object.entries(zero))(
    '%s: what cannot change anything is skipped, and said',
    { timeout: 600_000 },
    async (_, expected) => {
      const [change, skipped, sentence] = expected
      const config = goldenConfig('cross-entropy', change)
      const home = newFolder()
      const history = await opened(home)
      const number = createRun(history, config, now)
      const told: RunEvent[] = []
      const found = await events(config, (event) => told.push(keepEvent(history, number, event, 0, now)))
      expect(found.filter((e) => e.type === 'skipped')).toEqual([{ type: 'skipped', ...skipped }])
      // no iteration was begun in vain
      expect(found.filter((e) => e.type === 'stage')).toHaveLength(skipped?.first ?? 0)
      const line = told.flatMap((event) => (event.type === 'skipped' ? [lineOf(event)?.text] : []))
      expect(line).toEqual([expect.stringContaining(sentence)])
      expect(line[0]).toContain('What may help: ')

      const out = join(newFolder(), 'model.safetensors')
      const place = { history, home, template, rebuild, look }
      const { card } = await exportRun(
        place,
        number,
        { iteration: null, form: formSchema.parse({}) },
        { out, overwrite: false },
      )
      expect(readFileSync(card, 'utf8')).toContain(sentence)
      history.close()

      const later = runDetail(await read(home), number) // next week
      expect(later.state).toBe('done')
      expect(later.skipped).toEqual(skipped)
      expect(later.iterations).toHaveLength((skipped?.first ?? 0) - 1)
      expect(differenceVectorNotes(later)[0]).toContain(sentence)
      expect(detailLines(later).join('\n')).toContain(sentence)
    },
  )

  test('a copy of the pre-trained model among the vectors is told before the run, and again when it begins', async () => {
    const place = newFolder()
    const copy = join(place, 'copy.safetensors')
    copyFileSync(join(folder, 'pretrained.safetensors'), copy)
    const config = {
      ...goldenConfig('cross-entropy', { method: 'atlas', start: undefined, iterations: undefined, steps: 1 }),
    }
    const among = { ...config, vectors: [...config.vectors, copy] }
    const note =
      'copy.safetensors has the weights of the pre-trained model: its task vector is 0, and its coefficients change nothing'
    expect((await checkRun(among, openSource)).notes).toEqual([note])
    expect((await checkRun(config, openSource)).notes).toEqual([])
    const [begun] = (await events(among)).filter((e) => e.type === 'opened')
    expect(begun?.notes).toEqual([note])
    const line = lineOf({ ...(begun as Extract<EngineEvent, { type: 'opened' }>), run: runId(1), engines: [] })
    expect(line?.text).toContain(note)
  })

  test('refining the pre-trained model, under whatever name and in whatever format, is refused before it begins', async () => {
    const place = newFolder()
    const same = join(place, 'finetuned.pt')
    const parent = {
      file: join(folder, 'pretrained.safetensors'),
      name: 'pretrained.safetensors',
      ...(await hashFile(join(folder, 'pretrained.safetensors'))),
    }
    const recipe: Recipe = {
      basil: '2',
      steps: [],
      run: null,
      name: 'none',
      method: 'task-arithmetic',
      grouping: 'scalar',
      iteration: 0,
      epoch: null,
      pretrained: parent,
      vectors: [parent],
      groups: ['all'],
      start: [[0]],
      iterations: [],
    }
    await rebuild({
      recipe,
      out: same,
      overwrite: false,
      form: { container: 'state_dict', layout: 'huggingface', dtype: null },
    })
    const config = {
      ...goldenConfig('cross-entropy', { start: { method: 'checkpoint', checkpoint: 'x' }, iterations: 1, steps: 1 }),
      vectors: [same],
    }
    const refused = {
      record: { code: 'data-invalid', what: 'The fine-tuned model is the pre-trained one', where: 'finetuned.pt' },
    }
    await expect(checkRun(config, openSource)).rejects.toMatchObject(refused)
    await expect(events(config)).rejects.toMatchObject(refused)
    const twice = { ...config, vectors: [same, same] }
    await expect(checkRun(twice, openSource)).rejects.toMatchObject({
      record: { what: 'Every fine-tuned model is the pre-trained one' },
    })
  })

  test('a vector that moves anything is known by its first slice', async () => {
    const config = goldenConfig('cross-entropy')
    let bytes = 0
    const counting: OpenSource = async (path) => {
      const source = await openSource(path)
      const read: typeof source.read = (offset, length, into) => {
        bytes += length
        return source.read(offset, length, into)
      }
      return { ...source, read }
    }
    const parents = await openParents(config.pretrained, config.vectors, counting)
    const groups = groupsOf(parents, 'tensor')
    const at = (value: number) => filled(parents.vectors.length, groups.names.length, value)
    bytes = 0
    expect(await isUnmoved(parents, groups, at(0.5))).toBe(false)
    expect(bytes).toBeLessThan(40_000)
    expect(await isUnmoved(parents, groups, at(0))).toBe(true)
    expect(await isUnmoved(parents, groups, at(-0))).toBe(true)
    expect(await isUnmoved(parents, groups, at(1e-12))).toBe(true)
    const one = at(0)
    ;(one[2] as Float64Array)[groups.names.length - 1] = 0.5
    expect(await isUnmoved(parents, groups, one)).toBe(false) // one block of one vector is enough
    await parents.close()
  })
})
