// Signs of life of the engine's process (worker/heart.ts sends them), and how long it has given none. Two things are
// told apart: a process that says nothing (stopped, or starved of memory), and a step that does not end. Time in which
// this side did not run itself, as on a machine that was asleep, counts on neither side.
import { BasilError } from '../../contract/errors.ts'

const longest = 32 // characters of a beat, at most

/**
 * Finds the beats in what the process prints. heard: milliseconds since the main thread came round; other: everything
 * else, as drivers print their errors there (a beat's length of it late).
 */
export function createEar(
  heard: (silent: number) => void,
  other: (text: string) => void = () => undefined,
): (printed: string) => void {
  let rest = ''
  return (printed) => {
    const text = rest + printed
    let end = Math.max(0, text.length - longest) // one may have begun behind it
    let at = 0
    for (const beat of text.matchAll(/\{basil:(\d{1,15})\}/g)) {
      heard(Number(beat[1]))
      if (beat.index > at) other(text.slice(at, beat.index))
      at = beat.index + beat[0].length
      end = Math.max(end, at)
    }
    if (end > at) other(text.slice(at, end))
    rest = text.slice(end)
  }
}

export interface Clock {
  now(): number // milliseconds
  every(milliseconds: number, act: () => void): () => void // gives the way to end it
}

export const every: Clock['every'] = (milliseconds, act) => {
  const timer = setInterval(act, milliseconds).unref()
  return () => clearInterval(timer)
}
const realClock: Clock = { now: () => performance.now(), every }

/** Milliseconds without a sign until it is told. */
export interface Patience {
  process: number
  step: number
  clock?: Clock
}

export const patience: Patience = { process: 30_000, step: 10 * 60_000 }

interface Beating {
  beats(heard: (silent: number) => void): void
}

/**
 * told: once when the process goes silent, or a step does not end, and with null when that is over. Gives the way to
 * end the watch.
 */
export function watchOver(engine: Beating, told: (error: BasilError | null) => void, patience: Patience): () => void {
  const { process, step, clock = realClock } = patience
  const between = Math.min(1000, process / 4)
  let [silent, atStep, last] = [0, 0, clock.now()]
  let known: 'process' | 'step' | null = null

  function judge(): void {
    const now = silent >= process ? 'process' : atStep >= step ? 'step' : null
    if (now === known) return
    known = now
    told(now === null ? null : now === 'process' ? silentProcess(silent) : endlessStep(atStep))
  }

  engine.beats((mainSilent) => {
    silent = 0
    atStep = mainSilent
    judge()
  })
  return clock.every(between, () => {
    const now = clock.now()
    silent += Math.min(now - last, 2 * between)
    last = now
    judge()
  })
}

const span = (milliseconds: number): string =>
  milliseconds < 120_000 ? `${Math.round(milliseconds / 1000)} s` : `${Math.round(milliseconds / 60_000)} minutes`

function silentProcess(silent: number): BasilError {
  return new BasilError({
    code: 'engine-silent',
    what: 'The engine does not answer',
    where: 'engine process',
    why: `its process has given no sign of life for ${span(silent)}: it was stopped, or the machine has no memory or time for it`,
    next: 'wait, if the machine is busy; else stop the engine and resume the run, which goes on after its last kept epoch',
  })
}

function endlessStep(silent: number): BasilError {
  return new BasilError({
    code: 'engine-silent',
    what: 'The engine has been at one step for long',
    where: 'engine process',
    why: `its process lives, but what it computes has not come to an end for ${span(silent)}`,
    next: 'wait, if such steps are to be expected of this model on this machine; else stop the engine and resume the run',
  })
}
