// Signs of life of this process, by its stdout, for workbench/link/heartbeat.ts to hear. A thread of its own sends
// them, since one step of a large model may keep the main thread for minutes; and it says with each how long the main
// thread has not come round, since a thread that beats does not show that.
import { Worker } from 'node:worker_threads'

const tick = 250 // milliseconds between two looks of the thread
const ticksOfBeat = 4 // looks from one beat to the next

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

/**
 * In the engine's process. parent: of whose death it must hear in any case, as a long step keeps "disconnect" from
 * being heard.
 */
export function startHeart(parent: number | null): void {
  const signs = new Int32Array(new SharedArrayBuffer(4))
  setInterval(() => Atomics.add(signs, 0, 1), tick).unref()
  const code = `(${beat.toString()})(require, ${tick}, ${ticksOfBeat})`
  const options = {
    eval: true,
    execArgv: [],
    stdin: false,
    name: 'heart',
    resourceLimits: { maxOldGenerationSizeMb: 16 },
  }
  new Worker(code, { ...options, workerData: { signs, parent } }).unref()
}
