// What the worked study does, as configurations of the product: sizes; four kinds of vectors; six starts; what goes on
// from each; negation. Pure: of a project, sizes and a seed come fine-tunings, merges and studies.
//   longer run     of a start that learns: as many steps as start and iterations together, in one go
//                  of task arithmetic: aTLAS from its coefficient; of other merges: aTLAS from 0; as many as iterations
import { join } from 'node:path'

import type { RunConfig } from '../../src-main/contract/run/config.ts'
import type { Arm, StudyDefinition } from '../../src-main/contract/run/study.ts'
import { parseStudy } from '../../src-main/contract/run/study.ts'
import { type ResolvedTuning, resolveTuning } from '../../src-main/contract/tuning/config.ts'

export interface Sizes {
  /** Of a task; probe: of each class. control: of the two tasks of a negation. */
  images: Record<'probe' | 'train' | 'learning' | 'validation' | 'control' | 'test', number>
  tuning: { steps: number; batch: number; learningRate: number; warmup: number; calibration: number; others: number }
  /** batch: of a task. start: steps of a start that learns. steps, rate: of an iteration. */
  learning: { batch: number; start: number; iterations: number; steps: number; rate: number }
}

export const sizes: Sizes = {
  images: { probe: 16, train: 960, learning: 48, validation: 16, control: 64, test: 64 },
  tuning: { steps: 60, batch: 16, learningRate: 3e-5, warmup: 6, calibration: 16, others: 4 },
  // in 8 steps at 0.01 a coefficient that begins at 0.1 could not come below 0
  learning: { batch: 3, start: 24, iterations: 3, steps: 8, rate: 0.03 },
}

/** A few steps of everything. */
export const smallSizes: Sizes = {
  images: { probe: 8, train: 48, learning: 12, validation: 8, control: 8, test: 16 },
  tuning: { steps: 3, batch: 4, learningRate: 1e-4, warmup: 1, calibration: 2, others: 2 },
  learning: { batch: 2, start: 2, iterations: 2, steps: 1, rate: 0.03 },
}

type Split = 'probe' | 'train' | 'learning' | 'validation' | 'control' | 'test' | 'head'
export interface Project {
  pretrained: string
  negation: { targets: string[]; control: string } // tasks by name
  tasks: ({ name: string; classes: number } & Record<Split, string>)[]
}

export const kinds = ['standard', 'linear', 'tau-jp', 'talos'] as const
export type Kind = (typeof kinds)[number]

/** A seed's part of a kind. What draws nothing (fine-tuned models, merges) is made once, and lies in the kind's folder. */
export interface Place {
  project: Project
  sizes: Sizes
  kind: Kind
  seed: number
  folder: string
}

export const mergeNames = ['TIES', 'TSV-M', 'Iso-C'] as const
export const merges = { TIES: 'ties', 'TSV-M': 'tsv-m', 'Iso-C': 'iso-c' } as const
export const learnedStarts = ['AdaMerging', 'aTLAS'] as const
export const starts = ['task arithmetic', 'TIES', 'TSV-M', 'Iso-C', ...learnedStarts] as const
export type Start = (typeof starts)[number]

/** Those that iterations go on from. */
const onward: Record<Kind, readonly Start[]> = {
  standard: starts,
  linear: ['task arithmetic', 'aTLAS'], // each step takes twice as long
  'tau-jp': ['task arithmetic', 'Iso-C', 'AdaMerging', 'aTLAS'],
  talos: ['task arithmetic', 'Iso-C', 'AdaMerging', 'aTLAS'],
}
export const wentOnFrom = (kind: Kind): readonly Start[] => onward[kind]

export const dvBasi = (start: string): string => `${start} + DV-BASI`
export const restartOnly = (start: string): string => `${start} + restart only`
export const longerRun = (start: string): string => `${start}, longer run`

/** Whose longer run a start's is compared with. */
export const longerOf = (start: Start): string => (start in merges ? 'aTLAS' : longerRun(start))

const fileOf = (place: Place, name: string): string => join(place.folder, `${name.replaceAll(' ', '-')}.safetensors`)
export const modelOf = (place: Place, task: string): string => fileOf(place, `finetuned-${task}`)
const learns = (start: Start): boolean => learnedStarts.some((one) => one === start)
export const startFile = (place: Place, start: Start): string =>
  fileOf(place, learns(start) ? `${start}-seed-${place.seed}` : start)

const ofSeed = ({ kind, seed }: Place, what: string): string => `${what}, ${kind}, seed ${seed}`
const ofKind = ({ kind }: Place, what: string): string => `${what}, ${kind}`

/** A fine-tuned model for every task. */
export function tunings(place: Place): ResolvedTuning[] {
  const { project, kind } = place
  const { steps, batch, learningRate, warmup, calibration, others } = place.sizes.tuning
  return project.tasks.map((task) => {
    const { name, train, validation, test, head } = task
    const own = {
      standard: {},
      linear: {},
      'tau-jp': {
        others: project.tasks.filter((other) => other !== task).map((other) => other.train),
        otherBatch: others,
      },
      talos: { calibration },
    }[kind]
    return resolveTuning(
      {
        kind,
        name: ofKind(place, `fine-tuned on ${name}`),
        pretrained: project.pretrained,
        task: { name, data: train, validation, test, head },
        ...{ steps, batch, learningRate, warmup, weightDecay: 0, augment: false, seed: 0 },
        ...own,
      },
      (path) => path,
    )
  })
}

function base(place: Place): Pick<RunConfig, 'pretrained' | 'vectors' | 'tasks' | 'batch' | 'linearised'> {
  const { project, kind, sizes } = place
  return {
    pretrained: project.pretrained,
    vectors: project.tasks.map(({ name }) => modelOf(place, name)),
    tasks: project.tasks.map(({ name, learning, validation, test, head }) => ({
      ...{ name, data: learning, validation, test, head },
    })),
    batch: sizes.learning.batch,
    linearised: kind === 'linear' ? 'jvp' : 'no',
  }
}

const entropy = { objective: 'entropy' }

/** What draws nothing, alone: task arithmetic with its best coefficient, and merges as they are. */
export function mergesStudy(place: Place): StudyDefinition {
  const asItIs = { method: 'merge', merge: 'task-arithmetic', initialCoefficient: 1 }
  const arms: Arm[] = [
    { label: 'task arithmetic' },
    ...mergeNames.map((title) => ({ label: title, change: { ...asItIs, vectors: [startFile(place, title)] } })),
  ]
  const config = { ...base(place), method: 'task-arithmetic' }
  return parseStudy({ name: ofKind(place, 'Merges'), config, arms, seeds: [0] })
}

/** What learns from the task vectors themselves, and their longer runs. */
export function startsStudy(place: Place): StudyDefinition {
  const { start, iterations, steps } = place.sizes.learning
  const long = start + iterations * steps
  const ada = { ...entropy, method: 'adamerging', learningRate: 0.01 } // the authors' 0.001 is of 500 steps
  const arms: Arm[] = [
    { label: 'AdaMerging', change: ada },
    { label: 'aTLAS' },
    { label: longerRun('AdaMerging'), change: { ...ada, steps: long } },
    { label: longerRun('aTLAS'), change: { steps: long } },
  ]
  const config = { ...base(place), method: 'atlas', steps: start }
  return parseStudy({ name: ofSeed(place, 'Starts'), config, arms, seeds: [place.seed] })
}

/** What became of the learned starts: task arithmetic's coefficient, and those that are the pre-trained model itself. */
export interface Found {
  coefficient: number
  unmoved: readonly Start[]
}

export const onwardName = (place: Place): string => ofSeed(place, `Onward at ${place.sizes.learning.rate}`)

/** What goes on from the starts; from the pre-trained model itself nothing does. */
export function onwardStudy(place: Place, { coefficient, unmoved }: Found): StudyDefinition {
  const { iterations, steps, rate } = place.sizes.learning
  const { vectors, ...rest } = base(place)
  const moved = wentOnFrom(place.kind).filter((start) => !unmoved.includes(start))
  const startAt = (start: Start) => ({ method: 'checkpoint', checkpoint: startFile(place, start) })
  const still = { start: null, iterations: null, learningRate: null }
  const arms: Arm[] = [
    ...moved.flatMap((start): Arm[] => {
      const change = { start: startAt(start), ...(start === 'AdaMerging' && entropy) }
      return [
        { label: dvBasi(start), change: { ...change } },
        { label: restartOnly(start), change: { ...change, control: 'restart' } },
      ]
    }),
    {
      label: longerRun('task arithmetic'),
      change: { ...still, method: 'atlas', vectors, steps: iterations * steps, initialCoefficient: coefficient },
    },
  ]
  const config = { ...rest, method: 'dv-basi', start: startAt('Iso-C'), iterations, steps, learningRate: rate }
  return parseStudy({ name: onwardName(place), config, arms, seeds: [place.seed] })
}

/** Kinds whose vectors are also subtracted. */
export const negated: readonly Kind[] = ['standard', 'tau-jp']

/** A part for each task that is forgotten. */
export function negationStudy(place: Place): StudyDefinition {
  const { tasks, negation } = place.project
  const named = (name: string) => tasks.find((one) => one.name === name) as Project['tasks'][number]
  const control = named(negation.control)
  const targets = negation.targets.map(named)
  const task = ({ name, learning, control, test, head }: Project['tasks'][number], aim: 'forget' | 'keep') => ({
    ...{ name, aim, data: learning, validation: control, test, head },
  })
  const arms = targets.map(
    (target): Arm => ({
      label: 'negation',
      part: target.name,
      change: { tasks: [task(target, 'forget'), task(control, 'keep')], vectors: [modelOf(place, target.name)] },
    }),
  )
  const { batch, linearised, pretrained } = base(place)
  const first = arms[0]?.change ?? {}
  const config = { pretrained, batch, linearised, method: 'task-arithmetic', ...first }
  return parseStudy({ name: ofKind(place, 'Negation'), config, arms, seeds: [0] })
}
