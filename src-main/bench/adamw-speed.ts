// A step of AdamW over all parameters of an image tower, ours beside PyTorch's fused and foreach forms, by turns in the
// same rounds: its time alone, as gradients are made up once.
import { z } from 'zod'

import { product, sum } from '../numbers/vectors.ts'
import type { StepCase } from './cases.ts'
import { median, pairedRatios, timesOf } from './compare.ts'
import { ourSide, type Peer } from './machine.ts'
import { type Message, type Step, sideSchema } from './protocol.ts'
import type { AdamwResult } from './report.ts'
import { parameterShapes } from './scratch.ts'
import type { Side } from './side.ts'

const forms = ['fused', 'foreach'] as const

export async function adamwSpeed(
  c: StepCase,
  { start }: Peer,
  environment: NodeJS.ProcessEnv,
  rounds: number,
): Promise<AdamwResult> {
  const shapes = parameterShapes(c.shape)
  const sides: Side[] = []
  const opened = async (side: Side, form: (typeof forms)[number]): Promise<string> => {
    sides.push(side)
    const { kind } = await side.ask({ do: 'describe' }, sideSchema)
    await side.ask({ do: 'adamw', shapes, form } satisfies Message, z.object({}))
    return kind
  }
  try {
    const kind = await opened(ourSide(c.engine, environment), 'fused')
    for (const form of start ? forms : []) if (start) await opened(start(kind === 'native-gpu' ? 'cuda' : 'cpu'), form)
    const [mine = [], ...theirs] = await timesOf(sides, rounds)
    const medians = (steps: readonly Step[]): { wall: number; cpu: number } => ({
      wall: median(steps.map(({ wall }) => wall)),
      cpu: median(steps.map(({ cpu }) => cpu)),
    })
    const [fused = null, foreach = null] = theirs.map((steps) => ({
      ...medians(steps),
      ratio: pairedRatios(mine, steps),
    }))
    return { name: c.name, numbers: sum(shapes.map(product)), rounds, ours: medians(mine), fused, foreach }
  } finally {
    for (const side of sides) side.end()
  }
}
