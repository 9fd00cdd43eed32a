// One case on both sides, paired: in every round one side steps while the other is idle, then they change places, so
// that whatever else the machine does meets both. Gradients are compared first; a wrong one makes the case's speed
// worth nothing.

import { z } from 'zod'

import { recordOf } from '../contract/errors.ts'
import { at } from '../numbers/vectors.ts'
import type { StepCase } from './cases.ts'
import { deviceMemory, ourSide, type Peer } from './machine.ts'
import {
  type Gradient,
  gradientSchema,
  type Message,
  type Opening,
  type SideInfo,
  type Step,
  sideSchema,
  stepSchema,
} from './protocol.ts'
import type { MeasuredSide, StepResult } from './report.ts'
import type { Side } from './side.ts'

/** max |g - g'| / max |g'|. Float32 on both sides differs by 1e-6 to 2e-5; vectors in float16 have 11 bits. */
const furthest = { float32: 1e-4, float16: 2e-3 }

export async function compareStep(
  c: StepCase,
  files: Opening,
  { start }: Peer,
  environment: NodeJS.ProcessEnv,
  rounds: number,
): Promise<StepResult> {
  const empty = {
    name: c.name,
    model: c.model,
    batch: c.batch,
    vectors: c.vectors,
    precision: c.precision,
    rounds,
    ours: null,
    peer: null,
    ratio: null,
  }
  const sides: Side[] = []
  try {
    const ours = await opened(ourSide(c.engine, environment), files, sides)
    const peer = start && (await opened(start(ours.info.kind === 'native-gpu' ? 'cuda' : 'cpu'), files, sides))
    const at = coefficientsFor(files)
    const gradients: Gradient[] = []
    for (const { side } of peer ? [ours, peer] : [ours])
      gradients.push(await side.ask({ do: 'gradient', coefficients: at }, gradientSchema))
    const difference = peer ? differenceOf(gradients[0] as Gradient, gradients[1] as Gradient) : null
    const times = await timesOf(peer ? [ours.side, peer.side] : [ours.side], rounds)
    const mine = measuredSide(ours, times[0] as Step[])
    const theirs = peer ? measuredSide(peer, times[1] as Step[]) : null
    const isWrong = difference !== null && !(difference <= furthest[files.precision])
    return {
      ...empty,
      ours: mine,
      peer: theirs,
      ratio: theirs && ratios(times[0] as Step[], times[1] as Step[], mine, theirs),
      difference,
      problem: isWrong ? `WRONG: at most ${furthest[files.precision]}` : '',
    }
  } catch (error) {
    return { ...empty, difference: null, problem: recordOf(error).why }
  } finally {
    for (const side of sides) side.end()
  }
}

export interface Opened {
  side: Side
  info: SideInfo
}

export async function opened(side: Side, files: Opening, sides: Side[]): Promise<Opened> {
  sides.push(side)
  const info = await side.ask({ do: 'describe' }, sideSchema)
  await side.ask({ do: 'open', ...files }, z.object({}))
  return { side, info }
}

/** Per side its steps, after one that nobody counts. */
export async function timesOf(sides: readonly Side[], rounds: number): Promise<Step[][]> {
  const step: Message = { do: 'step' }
  for (const side of sides) await side.ask(step, stepSchema)
  const times: Step[][] = sides.map(() => [])
  const turns = [...sides.entries()]
  for (let round = 0; round < rounds; round++)
    for (const [turn, side] of round % 2 ? [...turns].reverse() : turns)
      times[turn]?.push(await side.ask(step, stepSchema))
  return times
}

/** Not all equal, and exact in float32. */
export function coefficientsFor({ vectors, parameters }: Opening): number[][] {
  return vectors.map((_, k) => parameters.map((_, b) => (2 + ((3 * k + b) % 5)) / 16))
}

export function differenceOf(ours: Gradient, peer: Gradient): number {
  const [mine, theirs] = [ours.gradient.flat(), peer.gradient.flat()]
  if (theirs.length === 0) return Math.abs(ours.loss - peer.loss) / Math.abs(peer.loss)
  if (mine.length !== theirs.length) return Number.POSITIVE_INFINITY
  const largest = Math.max(...theirs.map(Math.abs))
  return Math.max(...theirs.map((g, i) => Math.abs(g - at(mine, i)))) / largest
}

export function measuredSide({ side, info }: Opened, steps: readonly Step[]): MeasuredSide {
  return {
    name: info.name,
    wall: median(steps.map((s) => s.wall)),
    cpu: median(steps.map((s) => s.cpu)),
    peak: side.peak(),
    deviceMemory: deviceMemory(side.pid),
  }
}

export function ratios(
  mine: readonly Step[],
  theirs: readonly Step[],
  ours: MeasuredSide,
  peer: MeasuredSide,
): StepResult['ratio'] {
  return { ...pairedRatios(mine, theirs), peak: ours.peak && peer.peak ? ours.peak / peer.peak : null }
}

export function pairedRatios(mine: readonly Step[], theirs: readonly Step[]): { wall: number; cpu: number } {
  const paired = (of: (s: Step) => number): number => median(mine.map((s, i) => of(s) / of(theirs[i] as Step)))
  return { wall: paired((s) => s.wall), cpu: paired((s) => s.cpu) }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return (at(sorted, Math.ceil(middle) - 1) + at(sorted, Math.floor(middle))) / 2
}
