// A fine-tuning from configuration to model, as one visible loop:
//   for s = 0 .. S - 1:  g = dL/dphi of the batch of s;  phi <- AdamW(phi, g min(1, clip / |g|), eta_s)
// L is the mean cross-entropy of a frozen head and what the kind adds; phi is what the kind learns. Validation data is
// looked at after each epoch, test data opened once, at the end. Every `checkpointEvery` steps, and whenever it ends
// before its time, a state is kept from which it goes on to the same bits.
import { faultOf } from '../../contract/device-faults.ts'
import type { ResolvedTuning } from '../../contract/tuning/config.ts'
import type { TuningEngineEvent } from '../../contract/tuning/tuning.ts'
import { infoOf } from '../devices/engine.ts'
import { towerModel } from '../models/model.ts'
import type { MicroBatch } from '../problems/micro-batch.ts'
import { ahead, batchOf } from './batches.ts'
import { conclude, presentOn } from './conclude.ts'
import type { TunedModel, TuningHost } from './host.ts'
import type { Learner, Place } from './kind.ts'
import { learnerOf } from './kinds/index.ts'
import { measured } from './measured.ts'
import { crossEntropyOf } from './objective.ts'
import { type Opened, openTuning } from './open.ts'
import { type Lesson, lossAndGradient } from './pass.ts'
import { tuningMicroBatch } from './pieces.ts'
import { openPlace } from './place.ts'
import { planOf } from './plan.ts'
import { tunedFile } from './result.ts'
import { lengthOf, rateAt } from './schedule.ts'
import type { Session } from './session.ts'
import { keepState, keptIn, resumeState, type TuningProgress } from './state.ts'
import { requireFinite } from './variables.ts'

/** The model is the caller's to write, and to close. */
export async function* tune(config: ResolvedTuning, host: TuningHost): AsyncGenerator<TuningEngineEvent, TunedModel> {
  const began = performance.now()
  const opened = yield* openTuning(config, host)
  let session: Session | undefined
  let isGiven = false
  try {
    session = yield* begin(config, host, opened)
    const stopped = yield* learn(session)
    if (config.keep === 'best') yield* returnToBest(session)
    yield* conclude(session, stopped, began)
    const { learner, place } = session
    const file = tunedFile(opened.base, place.parameters, movedBy(place, learner), learner)
    const adapter = (await learner.adapter?.()) ?? null
    isGiven = true
    const { dispose } = learner
    return {
      file,
      adapter,
      async close() {
        dispose()
        place.release()
        await opened.close()
      },
    }
  } catch (error) {
    throw faultOf(error, 'the weights that are learned')
  } finally {
    if (!isGiven) {
      session?.learner.dispose()
      session?.place.release()
      await opened.close()
    }
  }
}

function movedBy(place: Place, { moves }: Learner): ReadonlySet<string> {
  return new Set([...place.parameters.keys()].filter(moves))
}

async function* begin(
  config: ResolvedTuning,
  host: TuningHost,
  opened: Opened,
): AsyncGenerator<TuningEngineEvent, Session> {
  const { base, training } = opened
  const length = lengthOf(config, training.count)
  const state = await host.states.open('last')
  try {
    const microBatch = await tuningMicroBatch(config.microBatch, host.backend, base.architecture)
    await host.backend.tune?.({ ...base.architecture, rows: microBatch.size * base.architecture.tokens })
    const place = await openPlace(config, host, opened, microBatch, length)
    let learner: Learner | undefined
    try {
      const waited = { seconds: 0 }
      const first = { steps: 0, epochsSinceBest: 0, best: null }
      const still = state ? null : yield* lookAtPretrained(config, place, opened, waited)
      learner = yield* learnerOf(place, config, state && keptIn(state))
      const known = knownOf(config, opened)
      const progress = state
        ? await resumeState(state, learner, known)
        : { ...first, microBatch: place.microBatch.size }
      place.microBatch.size = progress.microBatch
      yield {
        type: 'opened',
        ...planOf(config, opened, length, learner.learned, place.microBatch.size),
        engine: infoOf(host.backend),
        parents: opened.parents,
        from: progress.steps,
      }
      for (const text of [...learner.notes, ...host.states.damaged()]) yield { type: 'note', text }
      if (still) yield { type: 'look', steps: 0, epoch: 0, ...still, best: false }
      return {
        config,
        host,
        opened,
        place,
        learner,
        length,
        progress,
        waited,
        pretrained: still?.accuracy ?? null,
        present: null,
      }
    } catch (error) {
      learner?.dispose()
      place.release()
      throw error
    }
  } finally {
    await state?.close()
  }
}

const knownOf = ({ kind, seed }: ResolvedTuning, { data }: Opened) => ({
  kind,
  seed,
  pixels: data.map(({ pixels }) => pixels),
})

async function* lookAtPretrained(
  config: ResolvedTuning,
  place: Place,
  { validation }: Opened,
  waited: { seconds: number },
): AsyncGenerator<TuningEngineEvent, { loss: number; accuracy: number } | null> {
  if (!validation) return null
  yield { type: 'progress', what: 'Measuring the pre-trained model', done: 0, total: 1 }
  return measured(config, place, towerModel(place.tower, place.base), validation, 'validation', waited)
}

/** Whether it was stopped before its last step. */
async function* learn(session: Session): AsyncGenerator<TuningEngineEvent, boolean> {
  const { config, host, place, length, progress } = session
  const { count } = place.images.training
  const objective = crossEntropyOf(config.labelSmoothing)
  const pictures = ahead(place.images.training, session.waited)
  const at = (step: number) => batchOf(step, count, config.batch, length, config.seed)
  let kept = progress.steps
  while (progress.steps < length.steps) {
    const step = progress.steps
    const began = performance.now()
    const next = step + 1 < length.steps ? at(step + 1) : undefined
    const rate = rateAt(step, config, length)
    const batch = at(step)
    const told = await update(session, { step, rate, batch, next, objective, pictures }).catch(async (error) => {
      await keep(session) // nothing has moved in this step: a loss that is no number, or nothing more is wanted
      throw error
    })
    progress.steps++
    session.present = null
    const seconds = (performance.now() - began) / 1000
    yield { type: 'step', step, rate, images: batch.indices.length, seconds, ...told }
    yield* halvings(place.microBatch, progress)
    const isEpochEnd = progress.steps % length.stepsPerEpoch === 0 || progress.steps === length.steps
    const isOutOfPatience = isEpochEnd && (yield* look(session))
    const isEnd = isOutOfPatience || host.stopping() || progress.steps === length.steps
    if (isEnd || progress.steps - kept >= config.checkpointEvery) {
      kept = progress.steps
      yield { type: 'state', steps: kept, bytes: await keep(session) }
    }
    if (isEnd) return progress.steps < length.steps
  }
  return false
}

/** Throws before anything has moved. */
async function update(
  { config, place, learner }: Session,
  { rate, ...lesson }: Lesson & { rate: number },
): Promise<{ loss: number; norm: number; penalty?: number }> {
  const { step } = lesson
  const { loss, gradients } = await lossAndGradient(place, learner, lesson)
  try {
    const penalty = await learner.penalty?.(step, gradients)
    requireFinite(0, step, loss + (penalty ?? 0))
    const norm = await learner.move(gradients, { ...config, step, rate })
    return { loss, norm, ...(penalty !== undefined && { penalty }) }
  } finally {
    gradients.dispose()
  }
}

function keep({ config, host, opened, place, learner, progress }: Session): Promise<number> {
  const { ops } = place.tower
  return keepState(host.states, 'last', learner, { ops, known: knownOf(config, opened), progress })
}

function* halvings(microBatch: MicroBatch, progress: TuningProgress): Generator<TuningEngineEvent> {
  progress.microBatch = microBatch.size
  for (let next = microBatch.untold.shift(); next; next = microBatch.untold.shift())
    yield { type: 'micro-batch', ...next }
}

/** The state after an epoch on validation data, kept where it is the best; gives whether patience is at its end. */
async function* look(session: Session): AsyncGenerator<TuningEngineEvent, boolean> {
  const { config, host, opened, place, learner, length, progress } = session
  const { validation } = opened
  const epoch = Math.ceil(progress.steps / length.stepsPerEpoch)
  if (!validation) {
    yield { type: 'look', steps: progress.steps, epoch, loss: null, accuracy: null, best: true }
    return false
  }
  const found = await presentOn(session, validation, 'validation')
  session.present = found.accuracy
  const { best } = progress
  // of equal accuracies the smaller loss
  const isBest = !best || found.accuracy > best.accuracy || (found.accuracy === best.accuracy && found.loss < best.loss)
  progress.epochsSinceBest = isBest ? 0 : progress.epochsSinceBest + 1
  if (isBest) {
    progress.best = { steps: progress.steps, ...found }
    if (config.keep === 'best')
      await keepState(host.states, 'best', learner, { ops: place.tower.ops, known: knownOf(config, opened), progress })
  }
  yield { type: 'look', steps: progress.steps, epoch, ...found, best: isBest }
  return config.patience !== null && progress.epochsSinceBest >= config.patience
}

async function* returnToBest(session: Session): AsyncGenerator<TuningEngineEvent> {
  const { config, host, opened, learner, progress } = session
  if (!progress.best || progress.best.steps === progress.steps) return
  const state = await host.states.open('best')
  if (!state) {
    yield { type: 'note', text: `The best state cannot be read: the model is the last one, of step ${progress.steps}.` }
    return
  }
  try {
    const { best } = await resumeState(state, learner, knownOf(config, opened))
    session.present = best?.accuracy ?? null
  } finally {
    await state.close()
  }
}
