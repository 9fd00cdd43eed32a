// The promises R1 to R24 of the README's table "Nothing lost, by count". A test asks here how often it shall try, and
// tells what it saw: a line anybody can read off the log, and a row of the table that `npm run reliability` prints.
// BASIL_COUNTS says how often: unset in a plain `npm test` (which has to stay short), "full" for the table, "night".
import { appendFileSync } from 'node:fs'

const counts = ['short', 'full', 'night'] as const
type Counts = (typeof counts)[number]

/** [in npm test, of the table, of a night] */
const promises = {
  R1: ['kill -9 of the engine', [24, 200, 5000]],
  R2: ['every durable step fails, once and for good', [0.1, 1, 2]], // rounds of all steps; below one: some
  R3: ['kill -9 of main, server and page, each', [4, 20, 500]],
  R4: ['kill -9 while a killed run goes on', [6, 50, 1000]],
  R5: ['power losses', [200, 200, 5000]],
  R6: ['full disks', [10, 100, 1000]], // points
  R7: ['exports killed or failing', [12, 60, 1000]],
  R8: ['hostile safetensors', [20_000, 200_000, 50_000_000]], // mutants
  R9: ['hostile .pt', [5000, 20_000, 2_000_000]],
  R10: ['hostile archives', [2000, 8000, 100_000]],
  R11: ['hostile configurations', [1000, 50_000, 5_000_000]],
  R12: ['hostile messages', [6000, 100_000, 5_000_000]], // over WebSocket and MessagePort, half each
  R13: ['rules and fuses of Electron', [29, 29, 29]],
  R14: ['who may come in by loopback', [60, 60, 60]],
  R15: ['outgoing connections of a run', [1, 1, 1]],
  R16: ['engines that fail, of each way', [1, 10, 200]],
  R17: ['GPU lost', [3, 50, 500]],
  R18: ['migrations killed at each step', [0.25, 1, 20]], // rounds of all steps of all schema versions; below one: some
  R19: ['damaged histories', [200, 500, 5000]], // 100 cuts, else bits and, a tenth, pages that change places
  R20: ['queries at scale, in thousands of runs', [10, 10, 100]],
  R21: ['soak, minutes', [0.2, 10, 480]],
  R22: ['runs told to pause, otherwise read and shared out', [5, 5, 100]],
  R23: ['clocks, locales and places', [30, 30, 30]],
  R24: ["the field's files", [12, 12, 40]],
} as const satisfies Record<string, readonly [string, readonly [number, number, number]]>
export type PromiseId = keyof typeof promises

function asked(): Counts {
  const said = process.env['BASIL_COUNTS'] ?? 'short'
  const found = counts.find((name) => name === said)
  if (!found) throw new Error(`BASIL_COUNTS is ${said}: it may be ${counts.join(', ')}`)
  return found
}

/** How often a promise is tried here. */
export function countOf(id: PromiseId): number {
  return promises[id][1][counts.indexOf(asked())] ?? Number.NaN
}

/** The seed of a test: its own, so that it repeats, or another one that BASIL_SEED says. */
export function seedOf(own: number): number {
  const said = process.env['BASIL_SEED']
  return said === undefined ? own : Number(said)
}

export interface Seen {
  /** How often it was tried; several tests of one promise add up. */
  count: number
  /** What was acknowledged and is gone, or stands where it must not. */
  lost: number
  /** Results that are not those of an undisturbed run, bit for bit. */
  differ: number
  seed?: number
  /** Further figures, in words: "p95 3.1 ms". */
  besides?: string
}

/** Call it before the assertions: what failed has its line too. `began`: performance.now() of the start. */
export function tell(id: PromiseId, began: number, seen: Seen): void {
  const seconds = (performance.now() - began) / 1000
  const { count, lost, differ, seed, besides } = seen
  const words = [
    `${id} ${promises[id][0]}: count=${count} lost=${lost} differ=${differ}`,
    seed === undefined ? '' : ` seed=${seed}`,
    ` ${seconds.toFixed(1)} s`,
    besides === undefined ? '' : `, ${besides}`,
  ]
  console.log(words.join(''))
  const file = process.env['BASIL_PROMISES']
  if (file) appendFileSync(file, `${JSON.stringify({ id, name: promises[id][0], seconds, ...seen })}\n`)
}
