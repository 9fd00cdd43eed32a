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
  const course = new Course(known)
  return { hear: (event, now) => course.hear(event, now), at: (now) => course.left(now) }
}

class Course {
  readonly #config: Known['config']
  readonly #epochs = { start: createRecent(), iteration: createRecent() } satisfies Record<Kind, unknown>
  readonly #openings = createRecent() // from a stage's beginning to its first look
  readonly #lag = createLag()
  readonly #lengths = createRecent() // of iterations that ended, in shares of what was planned
  readonly #selection: Split
  readonly #tested: Split
  #images: Known['images']
  #stage: StageRecord | null = null
  #pace: PaceRecord | null = null
  #epoch = 0
  #looked = false
  #mark = 0 // since when the present piece of work goes on
  #heard = 0 // when the pace was told
  #spent = 0 // by the engine's clock, as of its last epoch: epochs may be heard several at a time
  #closing: { done: number } | null = null

  constructor({ config, images, start, iterations }: Known) {
    this.#config = config
    this.#images = images
    this.#selection = config.select.startsWith('validation') ? 'validation' : 'training'
    this.#tested = config.tasks.some(({ test }) => test) ? 'test' : 'training'
    for (const past of [...(start ? [start] : []), ...iterations]) {
      past.epochs.forEach((e, i) => {
        const before = past.epochs[i - 1]
        if (before && e.seconds > before.seconds) this.#epochs[past.kind].add(e.seconds - before.seconds)
      })
      if (past.ended && past.stage > 0) this.#lengths.add(shareOf(past.epochs.length - 1, past.epochsPlanned))
    }
  }

  hear(event: EngineEvent, now: number): void {
    this.#take(event, now)
    if (!marks.has(event.type)) return
    this.#mark = now
    if (this.#pace) this.#pace = { ...this.#pace, measuring: null }
  }

  left(now: number): number | null {
    const [present, later] = [this.#presentStage(now), this.#laterStages()]
    if (!(this.#stage || this.#closing) || present === null || later === null) return null
    return Math.max(1, present + later + this.#closingEvaluation(now))
  }

  #take(event: EngineEvent, now: number): void {
    switch (event.type) {
      case 'opened':
        this.#images = event.images
        return
      case 'stage':
        this.#lag.clear()
        this.#stage = event
        this.#epoch = 0
        this.#looked = false
        this.#closing = null
        return
      case 'epoch':
        this.#takeEpoch(event, now)
        return
      case 'stage-end':
        if (this.#stage && event.stage > 0) this.#lengths.add(shareOf(this.#epoch, this.#stage.epochsPlanned))
        if (event.stage >= this.#config.iterations) this.#closing = { done: 0 }
        return
      case 'skipped':
      case 'opening':
        this.#closing ??= { done: 0 }
        return
      case 'evaluation':
        if (this.#closing || event.evaluation.model === 'start' || event.evaluation.model === 'iteration')
          this.#closing = { done: (this.#closing?.done ?? 0) + 1 }
        return
      case 'pulse':
        this.#pace = event.pace
        this.#heard = now
    }
  }

  #takeEpoch(event: Extract<EngineEvent, { type: 'epoch' }>, now: number): void {
    if (event.epoch === 0) this.#openings.add(now - this.#mark)
    else if (this.#stage && this.#looked) this.#epochs[this.#stage.kind].add(event.seconds - this.#spent)
    this.#lag.add(now, event.seconds)
    this.#epoch = event.epoch
    this.#looked = true
    this.#spent = event.seconds
  }

  #counted(split: Split, only?: (task: string) => boolean): number {
    return this.#images.reduce((sum, one) => sum + (only && !only(one.task) ? 0 : one[split]), 0)
  }

  #imageSeconds(): number {
    return this.#pace?.imageSeconds ?? 0
  }

  /** Images of each model that the end measures, in order. */
  #measured(): number[] {
    const { tasks, testEach, iterations } = this.#config
    const tuned = new Set(tasks.flatMap(({ name, finetuned }) => (finetuned ? [name] : [])))
    const all = this.#counted(this.#tested)
    const theirs = tuned.size ? [this.#counted(this.#tested, (task) => tuned.has(task))] : []
    const references = this.#tested === this.#selection ? [] : [...theirs, all]
    const last = this.#closing ? (this.#stage?.stage ?? 0) : iterations
    return [...references, ...Array.from({ length: testEach ? Math.max(1, last + 1) : 1 }, () => all)]
  }

  /** Of an iteration, as the engine will plan it. */
  #planned(): { epochs: number; steps: number } {
    const { batch, iteration, start } = this.#config
    const { steps, epochs } = iteration ?? start
    const shortest = Math.min(...this.#images.map(({ training }) => training))
    const each = batch === 'all' || this.#images.length === 0 ? 1 : Math.max(1, Math.ceil(shortest / batch))
    return { steps: each, epochs: Math.ceil((steps ?? (epochs ?? 0) * each) / each) }
  }

  #epochSeconds(kind: Kind, steps: number): number | null {
    const own = this.#epochs[kind].mean()
    if (own !== null) return own * this.#lag.factor()
    const pace = this.#pace
    const look = this.#counted(this.#selection) * this.#imageSeconds()
    if (pace?.stepSeconds) return steps * pace.stepSeconds + look
    const other = this.#epochs[kind === 'start' ? 'iteration' : 'start'].mean()
    if (other !== null && this.#stage && this.#stage.stepsPerEpoch > 1)
      return other * (steps / this.#stage.stepsPerEpoch)
    return pace?.imageSeconds ? reverse * this.#counted('training') * pace.imageSeconds + look : other
  }

  #presentStage(now: number): number | null {
    const stage = this.#stage
    if (!stage || this.#closing) return 0
    const each = stage.epochsPlanned === 0 ? 0 : this.#epochSeconds(stage.kind, stage.stepsPerEpoch)
    if (each === null) return null
    const share = stage.kind === 'iteration' ? (this.#lengths.mean() ?? 1) : 1
    const atLeast = Math.min(this.#epoch + 1, stage.epochsPlanned)
    const expected = Math.max(Math.round(stage.epochsPlanned * share), atLeast)
    if (!this.#looked) return over(this.#openings.mean() ?? 0, now - this.#mark) + expected * each
    const left = Math.max(0, expected - this.#epoch) * each
    return left === 0 ? 0 : left - Math.min(now - this.#mark, near * each)
  }

  #laterStages(): number | null {
    const { iterations } = this.#config
    const count = this.#closing ? 0 : Math.max(0, iterations - (this.#stage?.stage ?? 0))
    if (count === 0) return 0
    const plan = this.#planned()
    const each = this.#epochSeconds('iteration', plan.steps)
    if (each === null) return null
    return count * ((this.#openings.mean() ?? 0) + plan.epochs * (this.#lengths.mean() ?? 1) * each)
  }

  #closingEvaluation(now: number): number {
    const left = this.#measured().slice(this.#closing?.done ?? 0)
    const image = this.#imageSeconds()
    const seconds = left.reduce((sum, count) => sum + count, 0) * image
    if (!this.#closing) return seconds
    const { done, of } = this.#pace?.measuring ?? { done: 0, of: left[0] ?? 0 }
    return seconds - done * image - Math.min(now - (done ? this.#heard : this.#mark), near * (of - done) * image)
  }
}

type Split = 'training' | 'validation' | 'test'
/** What begins a piece of work, or ends one. */
const marks: ReadonlySet<EngineEvent['type']> = new Set(['opened', 'stage', 'epoch', 'stage-end', 'evaluation'])

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
