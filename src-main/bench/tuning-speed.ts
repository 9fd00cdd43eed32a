// A step of fine-tuning: the standard and the linear one beside PyTorch's of the same sums, whose losses must agree
// step by step; TaLoS' masked one beside our own standard one; and how long a broken-off one takes to go on: a new
// process, from its start to the end of its first step, less such a step.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import { recordOf } from '../contract/errors.ts'
import type { Parent } from '../contract/run/run.ts'
import type { TuningCase } from './cases.ts'
import { measuredSide, median, type Opened, ratios, timesOf } from './compare.ts'
import { ourSide, type Peer } from './machine.ts'
import {
  type Opening,
  type Step,
  sideSchema,
  stepSchema,
  type TuningFacts,
  type TuningOpening,
  tuningFactsSchema,
} from './protocol.ts'
import type { TuningResult } from './report.ts'
import type { Side } from './side.ts'

const furthest = 1e-4 // of losses, over the loss
const calibration = 2 // images: a mask of the size that the published one has, not the same one

export async function tuningSpeed(
  c: TuningCase,
  files: Opening,
  { start }: Peer,
  { folder, environment, rounds }: { folder: string; environment: NodeJS.ProcessEnv; rounds: number },
): Promise<TuningResult> {
  const states = join(folder, `${c.name}-states`)
  const asked: TuningOpening = {
    tune: c.kind,
    ...files,
    batch: c.batch,
    calibration,
    states,
    keeps: false,
    parents: [],
  }
  const against = c.kind === 'talos' ? 'standard' : 'PyTorch'
  const empty = { name: c.name, kind: c.kind, batch: c.batch, rounds, against, ours: null, other: null } as const
  const none = { ...empty, ratio: null, parameters: null, learned: null, difference: null, resumeSeconds: null }
  const sides: Side[] = []
  const open = async (side: Side, tune: TuningOpening['tune']): Promise<Opened & TuningFacts> => {
    sides.push(side)
    const info = await side.ask({ do: 'describe' }, sideSchema)
    return { side, info, ...(await side.ask({ do: 'tune', ...asked, tune }, tuningFactsSchema)) }
  }
  try {
    const ours = await open(ourSide(c.engine, environment), c.kind)
    const peer = start && (() => start(ours.info.kind === 'native-gpu' ? 'cuda' : 'cpu'))
    const beside = c.kind === 'talos' ? () => ourSide(c.engine, environment) : peer
    const other = beside && (await open(beside(), c.kind === 'talos' ? 'standard' : c.kind))
    const [mine = [], theirs = []] = await timesOf(other ? [ours.side, other.side] : [ours.side], rounds)
    const [own, its] = [measuredSide(ours, mine), other && measuredSide(other, theirs)]
    const difference = other && against === 'PyTorch' ? lossesApart(mine, theirs) : null
    for (const side of sides) side.end()
    return {
      ...{ ...empty, ours: own, other: its, ratio: its && ratios(mine, theirs, own, its) },
      ...{ parameters: ours.parameters, learned: ours.learned, difference },
      resumeSeconds: c.kind === 'standard' ? await resumed(c, asked, environment) : null,
      problem: difference !== null && !(difference <= furthest) ? `WRONG: at most ${furthest}` : '',
    }
  } catch (error) {
    return { ...none, problem: recordOf(error).why }
  } finally {
    for (const side of sides) side.end()
    await rm(states, { recursive: true, force: true })
  }
}

function lossesApart(mine: readonly Step[], theirs: readonly Step[]): number {
  const found = theirs.map(({ loss }, step) => {
    const own = mine[step]?.loss
    return own === null || own === undefined || loss === null ? Number.POSITIVE_INFINITY : Math.abs(own - loss) / loss
  })
  return Math.max(...found)
}

async function resumed(c: TuningCase, asked: TuningOpening, environment: NodeJS.ProcessEnv): Promise<number> {
  const sitting = async (keeps: boolean, steps: number, known: Parent[]) => {
    const began = performance.now()
    const side = ourSide(c.engine, environment)
    try {
      const { parents } = await side.ask({ do: 'tune', ...asked, keeps, parents: known }, tuningFactsSchema)
      const times: number[] = []
      let first = 0
      for (let step = 0; step < steps; step++) {
        times.push((await side.ask({ do: 'step' }, stepSchema)).wall)
        if (step === 0) first = performance.now() - began
      }
      return { parents, first, step: median(times.length > 1 ? times.slice(1) : times) }
    } finally {
      side.end()
    }
  }
  const { parents } = await sitting(true, 1, [])
  const { first, step } = await sitting(false, 3, parents)
  return (first - step) / 1000
}
