// Fine-tunings as they are written: what is missing, what is sent for one and for a set, and settings used again.
import { expect, test } from 'vitest'

import { resolveTuning, tuningIssues } from '../../../../src-main/contract/tuning/config.ts'
import { setOf } from '../../../../src-main/workbench/tunings/tunings.ts'
import {
  configsOf,
  draftOfTuning,
  readDraft,
  splitsToTune,
  templateOf,
  unchosen,
  writtenTasks,
} from '../../../../src-renderer/state/tuning/draft.ts'

const places = {
  model: (id: number) => (id === 1 ? '/models/base.pt' : undefined),
  set: (id: number) =>
    ({
      5: { name: 'MNIST', path: '/data/mnist' },
      6: { name: 'pets', path: '/data/pets' },
      7: { name: 'pets', path: '/other/pets' },
    })[id] ?? null,
}
const task = (dataSet: number) => ({
  dataSet,
  data: 'field-train',
  validation: 'field-val',
  test: '',
  head: `/h${dataSet}.pt`,
})
const whole = readDraft({
  pretrained: 1,
  tasks: [task(5)],
  fields: { seed: 3 },
  own: { lora: { rank: 4 }, talos: { density: 0.5 } },
  kind: 'lora',
})

test('what is no draft is an empty one, which says what has to be chosen', () => {
  for (const kept of [undefined, null, 'x', { kind: 'sorcery' }]) expect(readDraft(kept)).toEqual(readDraft(null))
  expect(unchosen(readDraft(null), places).map(({ field }) => field)).toEqual(['pretrained', 'task'])
  const headless = { ...whole, pretrained: 2, tasks: [{ ...task(5), head: '' }, { ...task(6), data: '' }, task(9)] }
  expect(unchosen(headless, places).map(({ message }) => message)).toEqual([
    'Choose the pre-trained model.',
    'Choose or make a head for MNIST.',
    'Choose what is learned on of pets.',
    'A data set is gone from the Data page: leave it out.',
  ])
  expect(unchosen(whole, places)).toEqual([])
})

test('a configuration has what every kind has and what this one has, and is valid', () => {
  const [config] = configsOf(whole, places)
  expect(config).toEqual({
    kind: 'lora',
    pretrained: '/models/base.pt',
    seed: 3,
    rank: 4,
    task: { name: 'MNIST', data: '/data/mnist#field-train', validation: '/data/mnist#field-val', head: '/h5.pt' },
  })
  expect(tuningIssues(config)).toEqual([])
})

test('of a set each looks at the rest of it, as the workbench makes it of the template; alike names are told apart', () => {
  const set = readDraft({ ...whole, kind: 'tau-jp', tasks: [task(5), task(6), task(7)], others: [6] })
  const configs = configsOf(set, places)
  expect(configs.map(({ task }) => (task as { name: string }).name)).toEqual(['MNIST', 'pets', 'pets 2'])
  expect(configs).toEqual(setOf(templateOf(set, places), writtenTasks(set, places)))
  expect(configs[0]?.['others']).toEqual(['/data/pets#field-train', '/other/pets#field-train'])
})

test('one alone looks at the others that were chosen, and says where none were', () => {
  const alone = readDraft({ ...whole, kind: 'tau-jp' })
  expect(unchosen(alone, places).map(({ field }) => field)).toEqual(['others'])
  const named = { ...alone, others: [6] }
  expect(unchosen(named, places)).toEqual([])
  expect(configsOf(named, places)[0]?.['others']).toEqual(['/data/pets'])
  expect(configsOf({ ...named, kind: 'standard' }, places)[0]?.['others']).toBeUndefined()
})

test("splits are the field's where it has any, else those that are called so", () => {
  const split = (name: string, count = 9) => ({ name, count })
  const field = [split('field-train'), split('field-val'), split('field-test', 0)]
  expect(splitsToTune({ splits: [], field })).toEqual({ data: 'field-train', validation: 'field-val', test: '' })
  const splits = [split('test'), split('train'), split('val')]
  expect(splitsToTune({ splits, field: [] })).toEqual({ data: 'train', validation: 'val', test: 'test' })
})

test('settings of one that is there give the same configuration again', () => {
  const config = resolveTuning(configsOf(whole, places)[0], (path) => path)
  const set = (path: string) => (path === '/data/mnist' ? { id: 5 } : null)
  const again = draftOfTuning({ config }, { model: 1, set })
  expect(resolveTuning(configsOf(again, places)[0], (path) => path)).toEqual(config)
  expect(draftOfTuning({ config }, { model: null, set: () => null }).tasks).toEqual([])
})
