// Signs of life of the engine's process, and how long it has given none. A thread of its own sends them, since one step of a large model may keep
// the main thread for minutes; and it says with each how long the main thread has not come round, since a thread that beats does not show that.
// So two things are told apart: a process that says nothing (stopped, or starved of memory), and a step that does not end.
// Time in which this side did not run itself, as on a machine that was asleep, counts on neither side.
import { Worker } from 'node:worker_threads'

import { BasilError } from '../../contract/errors.ts'

const tick = 250 // milliseconds between two looks of the thread
const ticksOfBeat = 4 // looks from one beat to the next
const longest = 32 // characters of a beat, at most

/** What is sent to the thread: it is text, and names nothing from outside of it. */
function beat(require: NodeJS.Require, tick: number, ticksOfBeat: number): void {
  const { writeSync } = require('node:fs') as typeof import('node:fs')
  const { workerData } = require('node:worker_threads') as typeof import('node:worker_threads')
  const { signs, parent } = workerData as { signs: Int32Array; parent: number | null }
  let [seen, silent, last, ticks] = [0, 0, performance.now(), 0]
  setInterval(() => {
    if (parent !== null && process.ppid !== parent) process.kill(process.pid, 'SIGKILL')
    const now = performance.now()
    const sign = Atomics.load(signs, 0)
    silent = sign === seen ? silent + Math.min(now - last, 2 * tick) : 0
    seen = sign
    last = now
    if (ticks++ % ticksOfBeat > 0) return
    try {
      writeSync(1, `{basil:${Math.round(silent)}}`) // in one piece, whatever else is printed
    } catch {
      // the pipe is full, or nobody is there to read it
    }
  }, tick)
}

/** In the engine's process. parent: of whose death it must hear in any case, as a long step keeps "disconnect" from being heard. */
export function startHeart(parent: number | null): void {
  const signs = new Int32Array(new SharedArrayBuffer(4))
  setInterval(() => Atomics.add(signs, 0, 1), tick).unref()
  const code = `(${beat.toString()})(require, ${tick}, ${ticksOfBeat})`
  const options = { eval: true, execArgv: [], stdin: false, name: 'heart', resourceLimits: { maxOldGenerationSizeMb: 16 } }
  new Worker(code, { ...options, workerData: { signs, parent } }).unref()
}

/** Finds the beats in what the process prints. heard: milliseconds since the main thread came round. */
export function createEar(heard: (silent: number) => void): (printed: string) => void {
  let rest = ''
  return (printed) => {
    const text = rest + printed
    let end = Math.max(0, text.length - longest) // one may have begun behind it
    for (const beat of text.matchAll(/\{basil:(\d{1,15})\}/g)) {
      heard(Number(beat[1]))
      end = Math.max(end, beat.index + beat[0].length)
    }
    rest = text.slice(end)
  }
}

export interface Clock {
  now(): number // milliseconds
  every(milliseconds: number, act: () => void): () => void // gives the way to end it
}

const realClock: Clock = {
  now: () => performance.now(),
  every: (milliseconds, act) => {
    const timer = setInterval(act, milliseconds).unref()
    return () => clearInterval(timer)
  },
}

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

/** told: once when the process goes silent, or a step does not end, and with null when that is over. Gives the way to end the watch. */
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
