// A set of checkpoints in the field's folders, in one sentence and as a table of its accuracies.
import type { CheckpointSet } from '../../src-main/contract/api/library.ts'

/** "1 pre-trained, 8 fine-tuned (2 linearised), 8 heads, accuracies of 8 data sets". */
export function setSentence({ pretrained, finetuned, heads, accuracies }: CheckpointSet): string {
  const linear = finetuned.filter((f) => f.linear).length
  const datasets = new Set(accuracies.map((a) => a.dataset)).size
  return [
    pretrained === null ? 'no pre-trained model' : 'pre-trained',
    `${finetuned.length} fine-tuned${linear > 0 ? ` (${linear} linearised)` : ''}`,
    ...(heads.length > 0 ? [`${heads.length} ${heads.length === 1 ? 'head' : 'heads'}`] : []),
    ...(datasets > 0 ? [`accuracies of ${datasets} data ${datasets === 1 ? 'set' : 'sets'}`] : []),
  ].join(', ')
}

export interface AccuracyRow {
  dataset: string
  split: 'test' | 'validation'
  pretrained: number | null
  finetuned: number | null
  linearised: number | null // fine-tuned as a linearised model
}

/** A row a data set and split, in the order they were found. */
export function accuraciesOf({ accuracies }: CheckpointSet): AccuracyRow[] {
  const rows = new Map<string, AccuracyRow>()
  for (const { dataset, split, model, linear, accuracy } of accuracies) {
    const key = `${dataset} ${split}`
    const row = rows.get(key) ?? { dataset, split, pretrained: null, finetuned: null, linearised: null }
    const column = model === 'pre-trained' ? 'pretrained' : linear ? 'linearised' : 'finetuned'
    rows.set(key, { ...row, [column]: accuracy })
  }
  return [...rows.values()]
}
