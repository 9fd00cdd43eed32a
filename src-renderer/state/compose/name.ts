// What a run is called while nobody has named it: its method, its models, its seed and what was changed: "DV-BASI from
// aTLAS of cars, dtd and mnist, seed 3, learning rate 0.03". Pure.
import { iterates, methodCard } from '../../../src-main/contract/methods/lookup.ts'
import type { ResolvedConfig } from '../../../src-main/contract/run/config.ts'
import { resolveConfig } from '../../../src-main/contract/run/resolve.ts'
import { configOfRun } from '../run/config-of-run.ts'
import { changedFields } from './changed.ts'
import { asFresh, type Draft } from './draft.ts'

/** Names that say nothing without their folder's. */
const generic =
  /^(finetuned|fine-tuned|zeroshot|checkpoint|model|pytorch_model|open_clip_pytorch_model|linear_finetuned)$/i
const mostModels = 3
const mostChanges = 3

interface Named {
  method: string
  start: string | null // its method, where the run has one
  vectors: readonly string[] // paths
  seed: number
  changed: readonly { title: string; value: string }[] // fields that are not the default
}

function runName({ method, start, vectors, seed, changed }: Named): string {
  const title = methodCard(method)?.title ?? method
  const from = start ? ` from ${methodCard(start)?.title ?? start}` : ''
  const names = vectors.map(modelName)
  const models = names.length > mostModels ? `${names.length} models` : together(names)
  const fields = changed.slice(0, mostChanges).map((c) => `${c.title.toLowerCase()} ${c.value}`)
  const more = changed.length > mostChanges ? [`${changed.length - mostChanges} more changed`] : []
  const whole = [`${title}${from}${models && ` of ${models}`}`, `seed ${seed}`, ...fields, ...more].join(', ')
  return whole.slice(0, 200)
}

export function nameOf({ fields, opened, start, source, off }: Draft): string {
  const method = String(fields['method'])
  return runName({
    method,
    start: iterates(method) ? String(start['method']) : null,
    vectors: source.vectors.filter((v) => !off.includes(`vector ${v}`)),
    seed: typeof fields['seed'] === 'number' ? fields['seed'] : 0,
    changed: changedFields(fields, opened),
  })
}

/** A run's settings that are used again: a name that nobody typed follows them. */
export function unnamed(draft: Draft, config: ResolvedConfig): Draft {
  const { name, ...fields } = draft.fields
  const own: Draft = { ...draft, fields, opened: usual(config), named: null }
  const parts = (text: unknown): string => String(text).split(', ').sort().join()
  return parts(nameOf(own)) === parts(name) ? asFresh(own) : draft
}

/** What the settings would be of a run of the same method, models and tasks that says nothing else. */
function usual(run: ResolvedConfig): Record<string, unknown> {
  const { method, start, pretrained, vectors, tasks } = configOfRun(run, '')
  const plain = { method, pretrained, vectors, tasks, ...(start && { start: { method: start.method } }) }
  try {
    return {
      ...configOfRun(
        resolveConfig(plain, (path) => path),
        '',
      ),
    }
  } catch {
    return {} // its start wants more than a name
  }
}

/** "finetuned-mnist.safetensors" is "mnist", "MNISTVal/finetuned.pt" is "MNIST". */
export function modelName(path: string): string {
  const parts = path.split(/[/\\]/)
  const file = (parts.pop() ?? '').replace(/\.\w+$/, '')
  const name = generic.test(file) ? (parts.pop() ?? file).replace(/Val$/, '') : file
  return name.replace(/^(finetuned|fine-tuned|ft)[-_]/i, '')
}

function together(names: readonly string[]): string {
  const last = names.at(-1) ?? ''
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`
}
