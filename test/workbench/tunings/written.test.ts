// Where fine-tuned models go, of one and of a whole set: among the data folder's models, where it was asked for, and in
// the field's folders.
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

import { expect, test } from 'vitest'

import { setOf } from '../../../src-main/workbench/tunings/tunings.ts'
import { temporaryFolder, toyWorkbench } from '../toy.ts'
import { followTuning, modelFolder, task, toyTuning } from './toy.ts'

test('a set: one job each in their order, all of them or none; other tasks are the others of the set', async () => {
  const [home, folder] = [temporaryFolder(), modelFolder()]
  const workbench = await toyWorkbench(home)
  const tasks = ['a', 'b', 'c'].map((name) => task(name))
  const template = { kind: 'tau-jp', pretrained: 'pretrained.safetensors', steps: 4, seed: 1 }
  const configs = setOf(template, tasks).map((config) => toyTuning(folder, config))
  expect(configs.map(({ others }) => others.length)).toEqual([2, 2, 2])
  const missing = [...configs, toyTuning(folder, { pretrained: 'absent.safetensors' })]
  await expect(workbench.tunings.startSet(missing)).rejects.toMatchObject({ record: { code: 'file-missing' } })
  expect(workbench.tunings.list()).toEqual([])
  const made = await workbench.tunings.startSet(configs)
  expect(made).toEqual([1, 2, 3])
  for (const tuning of made) expect((await followTuning(workbench, tuning)).at(-1)?.type).toBe('done')
  expect(workbench.tunings.list().map(({ model }) => basename(model ?? ''))).toEqual([
    'c-tau-jp.safetensors',
    'b-tau-jp.safetensors',
    'a-tau-jp.safetensors',
  ])
  expect(workbench.jobs.list().map(({ kind, title }) => [kind, title])).toEqual([
    ['tuning', 'tau-jp on c'],
    ['tuning', 'tau-jp on b'],
    ['tuning', 'tau-jp on a'],
  ])
})

test("in the field's folders: model, pre-trained model, head and accuracies, as a set of the library", async () => {
  const [home, folder, out] = [temporaryFolder(), modelFolder(), temporaryFolder()]
  const workbench = await toyWorkbench(home)
  const output = { out, form: { container: 'safetensors' as const, layout: null, dtype: null }, convention: true }
  for (const name of ['Cars', 'DTD']) {
    const tuning = await workbench.tunings.start(toyTuning(folder, { task: task(name, true) }), output)
    expect((await followTuning(workbench, tuning)).at(-1)).toMatchObject({ type: 'done' })
  }
  const [model = ''] = readdirSync(out)
  const at = (...names: string[]): string => join(out, model, ...names)
  expect(readdirSync(at()).sort()).toEqual(
    ['CarsVal', 'DTDVal', 'ft_accuracies.json', 'head_CarsVal.pt', 'head_DTDVal.pt', 'zeroshot_accuracies.json'].sort(),
  )
  expect(readdirSync(at('CarsVal')).sort()).toEqual(['finetuned.md', 'finetuned.pt', 'zeroshot.pt'])
  const accuracies = JSON.parse(readFileSync(at('ft_accuracies.json'), 'utf8')) as Record<string, number>
  const detail = workbench.tunings.show(1)
  expect(accuracies).toEqual({
    Cars: detail.accuracy,
    CarsVal: detail.looks.at(-1)?.accuracy,
    DTD: detail.accuracy,
    DTDVal: detail.looks.at(-1)?.accuracy,
  })
  await workbench.library.settled()
  const { sets, entries } = await workbench.library.list()
  expect(sets).toMatchObject([
    {
      model,
      finetuned: [
        { dataset: 'Cars', linear: false },
        { dataset: 'DTD', linear: false },
      ],
      heads: [{ dataset: 'Cars' }, { dataset: 'DTD' }],
      findings: [],
    },
  ])
  expect(sets[0]?.accuracies).toHaveLength(6)
  expect(entries.filter(({ state }) => state !== 'present')).toEqual([])
  expect(Object.fromEntries(entries.map(({ path, role }) => [basename(path), role]))).toEqual({
    'finetuned.pt': 'fine-tuned',
    'zeroshot.pt': 'pre-trained',
    'head_CarsVal.pt': 'head',
    'head_DTDVal.pt': 'head',
  })
})

test('a file that is in the way is refused before any work; one of the very same fine-tuning is replaced', async () => {
  const [home, folder] = [temporaryFolder(), modelFolder()]
  const workbench = await toyWorkbench(home)
  const out = join(folder, 'tuned.safetensors')
  writeFileSync(out, 'notes')
  const output = { out, form: { container: 'safetensors' as const, layout: null, dtype: null }, convention: false }
  const tuning = await workbench.tunings.start(toyTuning(folder), output)
  const events = await followTuning(workbench, tuning)
  expect(events.at(-1)).toMatchObject({ type: 'ended', error: { code: 'target-exists', where: out } })
  expect(events.some(({ type }) => type === 'step')).toBe(false)
  expect(readFileSync(out, 'utf8')).toBe('notes')
  const elsewhere = await workbench.tunings.start(toyTuning(folder))
  await followTuning(workbench, elsewhere)
  // as after an end between the model on disk and what was heard of it
  copyFileSync(workbench.tunings.show(elsewhere).model ?? '', out)
  await workbench.tunings.resume(tuning)
  expect((await followTuning(workbench, tuning)).at(-1)).toMatchObject({ error: { code: 'target-exists' } }) // it had not begun
})
