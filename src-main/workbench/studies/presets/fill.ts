// A preset filled with what is at hand: every run of a table as one study, and everything that is missing for it,
// before anything runs.
//   addition    one run an arm: vectors and tasks of all sets
//   negation    one part a set: its vector alone, its task to be forgotten, the control kept
//   adaptation  one part a set: the vectors of all others, learning on its test images without their labels
//   refinement  one part a set: its fine-tuned model refined on its own task
import type { Filled, Missing } from '../../../contract/api/studies.ts'
import { iterates, methodCard } from '../../../contract/methods/lookup.ts'
import type { RunConfig } from '../../../contract/run/config.ts'
import { type Arm, studySchema } from '../../../contract/run/study.ts'
import { type Family, named, type Preset, type Presets, type Protocol, printedFor } from './files.ts'
import type { Inventory } from './inventory.ts'

export function fill(
  presets: Presets,
  preset: Preset,
  protocol: Protocol,
  inventory: Inventory,
  seeds: number,
): Filled {
  const missing = new Map<string, Missing>()
  const made = preset.arms.flatMap((arm) =>
    partsOf(preset).map((part) => {
      let lacks = false
      const wanted: Wanted = (kind, name, path) => {
        if (path !== undefined && path !== null) return path
        const key = `${kind} ${name}`
        const known = missing.get(key) ?? { kind, name, arms: [] }
        missing.set(key, { ...known, arms: [...new Set([...known.arms, arm.label])] })
        lacks = true
        return `missing ${key}`
      }
      const config = configOf({ presets, preset, protocol, inventory, arm, part, wanted })
      return {
        label: arm.label,
        part,
        config,
        lacks,
        paper: printedFor(presets.paper, preset.name, arm.paper, inventory.model),
      }
    }),
  )
  const whole = made.filter(({ lacks }) => !lacks)
  const base = whole[0]?.config
  const arms: Arm[] = whole.map(({ label, part, config, paper }) => ({
    label,
    part,
    change: difference(base as RunConfig, config),
    ...(paper && { paper }),
  }))
  const name = `${preset.name}, ${inventory.model}`
  const written = base && {
    name,
    config: base,
    arms,
    ...(preset.sweep && { sweep: preset.sweep }),
    seeds: Array.from({ length: seeds }, (_, seed) => seed),
  }
  return {
    definition: written ? studySchema.parse(written) : null,
    missing: [...missing.values()],
    runs: made.length * sweepLength(preset),
  }
}

const partsOf = ({ kind, sets }: Preset): string[] => (kind === 'addition' ? [''] : sets)

function sweepLength({ sweep }: Preset): number {
  const lists = Object.values((sweep?.['fields'] ?? {}) as Record<string, unknown[]>)
  return lists.reduce((product, list) => product * list.length, 1)
}

type Wanted = (kind: Missing['kind'], name: string, path: string | null | undefined) => string

interface Making {
  presets: Presets
  preset: Preset
  protocol: Protocol
  inventory: Inventory
  arm: Preset['arms'][number]
  part: string
  wanted: Wanted
}

function configOf(making: Making): RunConfig {
  const { preset, protocol, inventory, arm, part, wanted } = making
  const { model } = inventory
  const finetuned = (set: string): string =>
    wanted(
      'fine-tuned',
      `${model}, ${set}${arm.models === 'standard' ? '' : `, ${arm.models}`}`,
      inventory.finetuned[arm.models].get(set),
    )
  const alone = preset.kind === 'negation' || preset.kind === 'refinement'
  const vectors = (alone ? [part] : preset.sets).map(finetuned)
  const tasks = (preset.kind === 'addition' ? preset.sets : [part]).map((set) => taskOf(making, set, finetuned(set)))
  const kept =
    preset.kind === 'negation' && preset.control
      ? [{ ...taskOf(making, preset.control, undefined), aim: 'keep' as const }]
      : []
  const method = methodOf(making, arm.models)
  return {
    ...protocol.shared,
    ...method,
    ...(preset.kind === 'refinement' && { start: { method: 'checkpoint', checkpoint: finetuned(part) } }),
    name: arm.label,
    pretrained: wanted('pre-trained', model, inventory.pretrained),
    vectors,
    tasks: [...tasks, ...kept],
  } as RunConfig
}

function taskOf(
  { preset, protocol, inventory, wanted }: Making,
  set: string,
  finetuned: string | undefined,
): RunConfig['tasks'][number] {
  const data = wanted('data', set, inventory.data.get(set))
  const adapts = preset.kind === 'adaptation'
  const labels = !adapts || protocol.adaptation.labels
  return {
    name: set,
    ...(preset.kind === 'negation' && finetuned !== undefined && { aim: 'forget' as const }),
    data: `${data}#${adapts ? 'field-test' : protocol.learn}`,
    ...(labels && { validation: `${data}#${adapts ? 'field-val' : protocol.select}` }),
    test: `${data}#field-test`,
    head: wanted('head', `${inventory.model}, ${set}`, inventory.heads.get(set)),
    ...(finetuned !== undefined && { finetuned }),
  }
}

/** The protocol's method with what its table and its kind of models change. */
function methodOf({ presets, preset, protocol, arm, part }: Making, models: Family): Record<string, unknown> {
  const { expansion, ...method } = named('method of a protocol', arm.use, protocol.methods)
  const result: Record<string, unknown> = { ...method, ...arm.change }
  const isIterated = iterates(String(method['method']))
  const learns = byGradient(method['method'])
  if (models !== 'standard')
    Object.assign(result, {
      linearised: 'jvp',
      ...(expansion !== undefined && isIterated && { expansion }),
    })
  if (preset.kind === 'negation' && learns) {
    const { batch, patience, atlas, 'dv-basi': iterated } = presets.negation
    const start = result['start'] as Record<string, unknown> | undefined
    Object.assign(result, { batch }, start ? { ...iterated[part], patience } : atlas[part])
    if (byGradient(start?.['method'])) result['start'] = { ...start, ...atlas[part] }
  }
  if (preset.kind === 'adaptation') {
    const { labels: _, epochs, ...shared } = protocol.adaptation as Record<string, unknown>
    const { learningRate, schedule } = shared
    if (result['start']) result['start'] = { ...(result['start'] as object), epochs, learningRate, schedule }
    Object.assign(result, shared, { pool: 'others', epochs, augment: false }) // its views are of its own making
  }
  return result
}

const byGradient = (method: unknown): boolean => methodCard(String(method))?.learns.by === 'gradient'

/** What must be changed of the first configuration to have the second. */
function difference(from: RunConfig, to: RunConfig): Record<string, unknown> {
  const [a, b] = [from as Record<string, unknown>, to as Record<string, unknown>]
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => name !== 'name')
  return Object.fromEntries(
    names.flatMap((name) => (JSON.stringify(a[name]) === JSON.stringify(b[name]) ? [] : [[name, b[name] ?? null]])),
  )
}
