// One case on all its sides: each a process of its own, that steps while the others are idle, in every round in
// another order. A side that is not here, or dies, is left out and says why; the others go on. The case ends when its
// rounds are done or its time is over, and keeps what it has by then.
//   ratio = median over rounds of (our step / PyTorch's float32 step of that round)
import { z } from 'zod'

import { recordOf } from '../../contract/errors.ts'
import type { Products } from '../../contract/run/products.ts'
import { coefficientsFor, differenceOf, median, type Opened, opened } from '../compare.ts'
import { deviceMemory } from '../machine.ts'
import {
  type Gradient,
  gradientSchema,
  linearisedSchema,
  memorySchema,
  type Opening,
  type Step,
  stepSchema,
} from '../protocol.ts'
import type { Side } from '../side.ts'
import type { CardCase, SideSpec } from './cases.ts'

/** max |g - g'| / max |g'| of the gradients. The factors of products, and vectors in float16, have 10, 7 and 11 bits. */
const furthest = { float32: 1e-4, tf32: 2e-2, bf16: 2e-1 } satisfies Record<Products, number>
const furthestOfHalves = 2e-3

export const cardSideSchema = z.object({
  label: z.string(),
  name: z.string(), // as it calls itself; empty where it did not come so far
  rounds: z.number(), // that it was measured in
  wall: z.number().nullable(), // ms a step, median; of the linearised model an epoch by forward mode
  cpu: z.number().nullable(), // ms, of all threads
  host: z.number().nullable(), // of a core: cpu / wall
  deviceBytes: z.number().nullable(), // the most the driver saw the process hold
  ownBytes: z.number().nullable(), // of its tensors; PyTorch's most
  ratio: z.number().nullable(), // to PyTorch's float32 step
  memoryRatio: z.number().nullable(), // of deviceBytes
  difference: z.number().nullable(), // of gradients, or losses, to PyTorch's in float32
  problem: z.string(), // why figures are missing, or wrong; empty where nothing is
})
export type CardSide = z.infer<typeof cardSideSchema>

export interface Measuring {
  start: (spec: SideSpec) => Side
  kindOf: (spec: SideSpec) => string // what a side must say that it is; empty: anything
  rounds: number
  seconds: number // what the case may take
}

interface Taking {
  spec: SideSpec
  opened: Opened | null
  gradient: Gradient | null
  steps: (Step | null)[] // by round
  deviceBytes: number | null
  ownBytes: number | null
  problem: string
}

export async function measureCase(c: CardCase, files: Opening, measuring: Measuring): Promise<CardSide[]> {
  const began = performance.now()
  const sides: Side[] = []
  const isOver = (): boolean => performance.now() - began > 1000 * measuring.seconds
  const end = (): void => {
    for (const side of sides) side.end()
  }
  const limit = setTimeout(end, 2000 * measuring.seconds) // one step may hang
  try {
    const all: Taking[] = c.sides.map((spec) => taking(spec))
    // side by side: to start and to read takes longer than to step
    await Promise.all(all.map((one) => attempt(one, () => begin(one, c, files, measuring, sides))))
    if (c.linearised) return await linearisedSides(all, files)
    for (let round = -1; round < measuring.rounds && !(round > 0 && isOver()); round++)
      for (const i of all.keys()) {
        const one = all[(i + round + all.length) % all.length] as Taking
        await attempt(one, () => turn(one, round))
      }
    return all.map((one) => summed(one, all, c))
  } finally {
    clearTimeout(limit)
    end()
  }
}

function taking(spec: SideSpec): Taking {
  return { spec, opened: null, gradient: null, steps: [], deviceBytes: null, ownBytes: null, problem: '' }
}

/** Whatever fails is told in the side's row. */
async function attempt(one: Taking, act: () => Promise<void>): Promise<void> {
  if (one.problem) return
  try {
    await act()
  } catch (error) {
    one.problem = recordOf(error).why
  }
}

async function begin(one: Taking, c: CardCase, files: Opening, { start, kindOf }: Measuring, sides: Side[]) {
  one.opened = await opened(start(one.spec), files, sides)
  const { name, kind } = one.opened.info
  const wanted = kindOf(one.spec)
  if (wanted && kind !== wanted) throw new Error(`${name} is not on the card`)
  if (c.linearised) return
  const ask = { do: 'gradient', coefficients: coefficientsFor(files) } as const
  one.gradient = await one.opened.side.ask(ask, gradientSchema)
}

/** The round before the first counts for nothing. */
async function turn(one: Taking, round: number): Promise<void> {
  if (!one.opened) return
  const { side } = one.opened
  const step = await side.ask({ do: 'step' }, stepSchema)
  if (round < 0) return
  one.steps[round] = step
  one.ownBytes = (await side.ask({ do: 'memory' }, memorySchema)).bytes
  const seen = deviceMemory(side.pid)
  if (seen !== null) one.deviceBytes = Math.max(seen, one.deviceBytes ?? 0)
}

function summed(one: Taking, all: readonly Taking[], c: CardCase): CardSide {
  const { spec, steps, deviceBytes, ownBytes } = one
  const reference = all.find(({ spec: { label } }) => label === 'torch')
  const taken = steps.filter((step) => step !== null)
  const of = (what: 'wall' | 'cpu'): number | null => (taken.length ? median(taken.map((step) => step[what])) : null)
  const paired = steps.flatMap((step, round) => {
    const theirs = reference?.steps[round]
    return step && theirs ? [step.wall / theirs.wall] : []
  })
  const isCompared = reference !== undefined && reference !== one
  const difference = isCompared && reference.gradient && one.gradient && differenceOf(one.gradient, reference.gradient)
  const most = Math.max(
    furthest[spec.products],
    spec.engine !== 'torch' && c.precision === 'float16' ? furthestOfHalves : 0,
  )
  const isWrong = typeof difference === 'number' && !(difference <= most)
  return {
    ...emptyRow(one),
    rounds: taken.length,
    wall: of('wall'),
    cpu: of('cpu'),
    host: taken.length ? median(taken.map(({ cpu, wall }) => cpu / wall)) : null,
    deviceBytes,
    ownBytes,
    ratio: isCompared && paired.length ? median(paired) : null,
    memoryRatio: isCompared && deviceBytes && reference.deviceBytes ? deviceBytes / reference.deviceBytes : null,
    difference: difference || (difference === 0 ? 0 : null),
    problem: one.problem || (isWrong ? `WRONG: at most ${most}` : ''),
  }
}

async function linearisedSides(all: readonly Taking[], files: Opening): Promise<CardSide[]> {
  const rows: CardSide[] = []
  for (const one of all) {
    let wall: number | null = null
    let difference: number | null = null
    await attempt(one, async () => {
      const found = await one.opened?.side.ask({ do: 'linearised', rounds: 2, ...files }, linearisedSchema)
      wall = found?.jvpMs ?? null
      difference = found?.disagreement ?? null
      if (found) one.deviceBytes = deviceMemory(one.opened?.side.pid)
    })
    rows.push({ ...emptyRow(one), rounds: wall === null ? 0 : 2, wall, deviceBytes: one.deviceBytes, difference })
  }
  return rows
}

function emptyRow({ spec, opened: side, problem }: Taking): CardSide {
  const none = { wall: null, cpu: null, host: null, deviceBytes: null, ownBytes: null, ratio: null, memoryRatio: null }
  return { label: spec.label, name: side?.info.name ?? '', rounds: 0, ...none, difference: null, problem }
}
