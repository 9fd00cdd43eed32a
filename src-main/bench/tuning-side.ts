// Our side of a fine-tuning that is measured: `tune` as the product runs it, taken from step to step. Each step sees
// every image, so that their order does not show; no augmentation, no warm-up, nothing looked at between steps.
import { resolveTuning } from '../contract/tuning/config.ts'
import { type Backend, tune } from '../engine/index.ts'
import { hashCheckpoint, openSource } from '../files/source.ts'
import { tuningStates } from '../files/tuning-states.ts'
import type { TuningFacts, TuningOpening } from './protocol.ts'

const steps = 100_000 // more than anybody measures

/** Ready for its first step, or for the one after a kept state. */
export async function tuningWork(
  backend: Backend,
  { tune: kind, pretrained, data, batch, calibration, states, keeps, parents: recorded }: TuningOpening,
): Promise<{ facts: TuningFacts; step(): Promise<{ loss: number }> }> {
  const config = resolveTuning(
    {
      ...{ kind, pretrained, batch, steps, warmup: 0, learningRate: 1e-4, augment: false },
      ...(kind === 'talos' && { calibration }),
      task: { name: 'bench', data: `${data}#bench`, head: `${data}#head.bench` },
      checkpointEvery: keeps ? 1 : steps,
    },
    (path) => path,
  )
  const all = tune(config, {
    ...{ backend, open: openSource, hash: hashCheckpoint, states: await tuningStates(states), parents: recorded },
    ...{ stopping: () => false, signal: new AbortController().signal },
  })
  const next = async () => {
    const { done, value } = await all.next()
    if (done) throw new Error('the fine-tuning ended before it was measured')
    return value
  }
  let opened = await next()
  while (opened.type !== 'opened') opened = await next()
  const { parameters, learned, parents } = opened
  return {
    facts: { parameters, learned, parents },
    async step() {
      let event = await next()
      while (event.type !== 'step') event = await next()
      const { loss } = event
      while (keeps && event.type !== 'state') event = await next()
      return { loss }
    },
  }
}
