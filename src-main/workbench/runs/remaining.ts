// How long a run still takes, by what it has taken so far:
//   left = (epochs left of this stage) E + sum over later iterations of (opening + planned epochs E') + images left i
// E, the seconds of an epoch, is a mean of the measured ones in which what is recent weighs most and what lies far from
// their median is brought near; before there is one, steps x (seconds a step) + what measuring the selection split
// takes. i, the seconds of an image that a model is measured on, counts the closing evaluation: pre-trained and
// fine-tuned models on test data, then those of the run. Time is an argument.
import type { PaceRecord } from '../../contract/run/pulse.ts'
import type { EngineEvent, RunDetail, StageRecord } from '../../contract/run/run.ts'
import { createRecent } from './recent.ts'

export interface Remaining {
  hear(event: EngineEvent, now: number): void
  /** Seconds left at `now`, at least 1; null before anything is measured. */
  at(now: number): number | null
}

type Kind = StageRecord['kind']
type Known = Pick<RunDetail, 'config' | 'images' | 'start' | 'iterations'>

const reverse = 3 // a step of learning costs about three forward passes over its images
const near = 0.95 // of what is expected: so much of it may have gone by while it has not ended

/** now: seconds. What the history knows of earlier sittings is measured too. */
export function createRemaining(known: Known): Remaining {
  const { config } = known
  const epochs = { start: createRecent(), iteration: createRecent() } satisfies Record<Kind, unknown>
  const openings = createRecent() // from a stage's beginning to its first look
  const lag = createLag()
  const lengths = createRecent() // of iterations that ended, in shares of what was planned
  let images = known.images
  let stage: StageRecord | null = null
  let pace: PaceRecord | null = null
  // mark: since when the present piece of work goes on; spent: by the engine's clock, as of its last epoch: epochs may
  // be heard several at a time
  let [epoch, mark, heard, spent, looked] = [0, 0, 0, 0, false]
  let closing: { done: number } | null = null

  for (const past of [...(known.start ? [known.start] : []), ...known.iterations]) {
    past.epochs.forEach((e, i) => {
      const before = past.epochs[i - 1]
      if (before && e.seconds > before.seconds) epochs[past.kind].add(e.seconds - before.seconds)
    })
    if (past.ended && past.stage > 0) lengths.add(shareOf(past.epochs.length - 1, past.epochsPlanned))
  }

  const counted = (split: Split, only?: (task: string) => boolean): number =>
    images.reduce((sum, one) => sum + (only && !only(one.task) ? 0 : one[split]), 0)
  const selection: Split = config.select.startsWith('validation') ? 'validation' : 'training'
  const tested: Split = config.tasks.some(({ test }) => test) ? 'test' : 'training'
  const imageSeconds = (): number => pace?.imageSeconds ?? 0

  /** Images of each model that the end measures, in order. */
  function measured(): number[] {
    const tuned = new Set(config.tasks.flatMap(({ name, finetuned }) => (finetuned ? [name] : [])))
    const all = counted(tested)
    const references = tested === selection ? [] : [...(tuned.size ? [counted(tested, (t) => tuned.has(t))] : []), all]
    const stages = config.testEach ? Math.max(1, (closing ? (stage?.stage ?? 0) : config.iterations) + 1) : 1
    return [...references, ...Array.from({ length: stages }, () => all)]
  }

  /** Of an iteration, as the engine will plan it. */
  function planned(): { epochs: number; steps: number } {
    const { steps, epochs } = config.iteration ?? config.start
    const shortest = Math.min(...images.map(({ training }) => training))
    const each = config.batch === 'all' || images.length === 0 ? 1 : Math.max(1, Math.ceil(shortest / config.batch))
    return { steps: each, epochs: Math.ceil((steps ?? (epochs ?? 0) * each) / each) }
  }

  function epochSeconds(kind: Kind, steps: number): number | null {
    const own = epochs[kind].mean()
    if (own !== null) return own * lag.factor()
    const look = counted(selection) * imageSeconds()
    if (pace?.stepSeconds) return steps * pace.stepSeconds + look
    const other = epochs[kind === 'start' ? 'iteration' : 'start'].mean()
    if (other !== null && stage && stage.stepsPerEpoch > 1) return other * (steps / stage.stepsPerEpoch)
    return pace?.imageSeconds ? reverse * counted('training') * pace.imageSeconds + look : other
  }

  function presentStage(now: number): number | null {
    if (!stage || closing) return 0
    const each = stage.epochsPlanned === 0 ? 0 : epochSeconds(stage.kind, stage.stepsPerEpoch)
    if (each === null) return null
    const share = stage.kind === 'iteration' ? (lengths.mean() ?? 1) : 1
    const expected = Math.max(Math.round(stage.epochsPlanned * share), Math.min(epoch + 1, stage.epochsPlanned))
    if (!looked) return over(openings.mean() ?? 0, now - mark) + expected * each
    const left = Math.max(0, expected - epoch) * each
    return left === 0 ? 0 : left - Math.min(now - mark, near * each)
  }

  function laterStages(): number | null {
    const first = closing ? config.iterations + 1 : (stage?.stage ?? 0) + 1
    const count = Math.max(0, config.iterations - first + 1)
    if (count === 0) return 0
    const plan = planned()
    const each = epochSeconds('iteration', plan.steps)
    return each === null ? null : count * ((openings.mean() ?? 0) + plan.epochs * (lengths.mean() ?? 1) * each)
  }

  function closingEvaluation(now: number): number {
    const left = measured().slice(closing?.done ?? 0)
    const seconds = left.reduce((sum, count) => sum + count, 0) * imageSeconds()
    if (!closing) return seconds
    const { done, of } = pace?.measuring ?? { done: 0, of: left[0] ?? 0 }
    return seconds - done * imageSeconds() - Math.min(now - (done ? heard : mark), near * (of - done) * imageSeconds())
  }

  const hears = {
    opened: (event: Of<'opened'>) => {
      images = event.images
    },
    stage: (event: Of<'stage'>) => {
      lag.clear()
      ;[stage, epoch, looked, closing] = [event, 0, false, null]
    },
    epoch: (event: Of<'epoch'>, now: number) => {
      if (event.epoch === 0) openings.add(now - mark)
      else if (stage && looked) epochs[stage.kind].add(event.seconds - spent)
      lag.add(now, event.seconds)
      ;[epoch, looked, spent] = [event.epoch, true, event.seconds]
    },
    'stage-end': (event: Of<'stage-end'>) => {
      if (stage && event.stage > 0) lengths.add(shareOf(epoch, stage.epochsPlanned))
      if (event.stage >= config.iterations) closing = { done: 0 }
    },
    skipped: () => {
      closing ??= { done: 0 }
    },
    opening: () => {
      closing ??= { done: 0 }
    },
    evaluation: (event: Of<'evaluation'>) => {
      if (closing || event.evaluation.model === 'start' || event.evaluation.model === 'iteration')
        closing = { done: (closing?.done ?? 0) + 1 }
    },
    pulse: (event: Of<'pulse'>, now: number) => {
      ;[pace, heard] = [event.pace, now]
    },
  }

  return {
    hear: (event, now) => {
      hear(hears, event, now)
      if (!marks.has(event.type)) return
      mark = now
      if (pace) pace = { ...pace, measuring: null }
    },
    at: (now) => {
      const [present, later] = [presentStage(now), laterStages()]
      if (!(stage || closing) || present === null || later === null) return null
      return Math.max(1, present + later + closingEvaluation(now))
    },
  }
}

type Split = 'training' | 'validation' | 'test'
type Of<Type extends EngineEvent['type']> = Extract<EngineEvent, { type: Type }>

/** What begins a piece of work, or ends one. */
const marks: ReadonlySet<EngineEvent['type']> = new Set(['opened', 'stage', 'epoch', 'stage-end', 'evaluation'])

function hear<K extends EngineEvent['type']>(
  hears: { [T in K]?: (event: Of<T>, now: number) => void },
  event: EngineEvent,
  now: number,
): void {
  const heard: ((event: never, now: number) => void) | undefined = Reflect.get(hears, event.type)
  heard?.(event as never, now)
}

const window = 3 // seconds

/** How much longer epochs take to be kept than to be computed: 1, unless they come faster than they can be. */
function createLag() {
  let heard: { now: number; seconds: number }[] = []
  return {
    clear: () => {
      heard = []
    },
    add: (now: number, seconds: number) => {
      heard.push({ now, seconds })
      while (heard.length > 2 && now - (heard[1]?.now ?? now) > window) heard.shift()
    },
    factor: () => {
      const [first, last] = [heard[0], heard.at(-1)]
      if (!first || !last || last.now - first.now < window / 6 || last.seconds <= first.seconds) return 1
      return Math.max(1, (last.now - first.now) / (last.seconds - first.seconds))
    },
  }
}

/** What is left of something that should take so long. */
function over(expected: number, elapsed: number): number {
  return Math.max(expected - elapsed, (1 - near) * expected)
}

function shareOf(epochs: number, planned: number): number {
  return planned === 0 ? 1 : Math.min(1, Math.max(0, epochs) / planned)
}
