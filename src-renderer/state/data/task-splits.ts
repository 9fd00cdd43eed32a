// A data set as a run's task: which of its splits the coefficients are learned on, which chooses the best state, and
// which is opened once, at the end. Pure.
import type { DataSet } from '../../../src-main/contract/api/data.ts'

export const protocols = {
  strict: 'Strict: learn on one half of the field’s validation split, select on the other',
  field: 'The field’s: learn on its validation split, select by the loss on the same',
  training: 'Learn on the training split, select on the validation split',
  own: 'Choose the splits',
} as const
export type Protocol = keyof typeof protocols

export interface TaskSplits {
  data: string
  validation: string // "": none
  test: string
}

type Splits = Pick<DataSet, 'splits' | 'field'>

/** What a data set's splits allow, the most careful first. */
export function protocolsOf({ field }: Splits): Protocol[] {
  const has = (name: string) => field.some((split) => split.name === name && split.count > 0)
  return [
    ...(has('field-val') ? (['strict', 'field'] as const) : []),
    ...(has('field-train') && has('field-val') ? (['training'] as const) : []),
    'own',
  ]
}

/** shots: images of each class to learn on; null: all. */
export function splitsFor(set: Splits, protocol: Protocol, own: TaskSplits, shots: number | null = null): TaskSplits {
  const test = set.field.some(({ name }) => name === 'field-test') ? 'field-test' : ''
  const few = shots === null ? '' : `shots=${shots}`
  const learned = (split: string, half = '') => {
    const options = [half, few].filter(Boolean)
    return options.length > 0 ? `${split}?${options.join('&')}&seed=0` : split
  }
  switch (protocol) {
    case 'strict':
      return { data: learned('field-val', 'half=1'), validation: 'field-val?half=2&seed=0', test }
    case 'field':
      return { data: learned('field-val'), validation: '', test }
    case 'training':
      return { data: learned('field-train'), validation: 'field-val', test }
    case 'own':
      return { ...own, data: learned(own.data) }
  }
}

/** Why the images of two parts are the same, as far as their names tell; "" where nothing speaks for it. */
export function overlap({ data, validation, test }: TaskSplits): string {
  const [learned, selected] = [partOf(data), partOf(validation)]
  if (test !== '' && [learned, selected].some(({ name }) => name === partOf(test).name))
    return 'Test images are used before the test.'
  const within = (whole: string, part: string) => whole === 'train' && /^field-(train|val)$/.test(part)
  const same = learned.name === selected.name && (learned.half === null || learned.half === selected.half)
  if (validation === '' || !(same || within(learned.name, selected.name) || within(selected.name, learned.name)))
    return ''
  return 'It selects by images that it learns on.'
}

const partOf = (split: string) => ({ name: split.split('?')[0] ?? '', half: /half=(\d)/.exec(split)?.[1] ?? null })

/** A guess for those who choose splits themselves: by the names they have. */
export function ownSplits({ splits, field }: Splits): TaskSplits {
  const names = [...field, ...splits].map(({ name }) => name)
  const like = (form: RegExp) => names.find((name) => form.test(name)) ?? ''
  return { data: like(/learn/) || like(/train/) || (names[0] ?? ''), validation: like(/val/), test: like(/test/) }
}

/** A name that a configuration takes. */
export function taskName(name: string): string {
  return name.replace(/[^\w .()+-]/g, '_').slice(0, 80) || 'task'
}
