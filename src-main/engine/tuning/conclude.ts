// What a fine-tuning came to: measured once, on test data where there is some, which is opened here and only here.
import type { TuningEngineEvent } from '../../contract/tuning/tuning.ts'
import type { LabelledImages } from '../datasets/images.ts'
import type { Split } from '../learning/problem.ts'
import { towerModel } from '../models/model.ts'
import { measured } from './measured.ts'
import { openTest } from './open.ts'
import type { Session } from './session.ts'

/** On test data where there is some, else on what there is; what was seen of this very state is not measured again. */
export async function* conclude(session: Session, stopped: boolean, began: number): AsyncGenerator<TuningEngineEvent> {
  const { config, host, opened, progress, waited } = session
  yield { type: 'progress', what: 'Evaluating', done: 0, total: 1 }
  const test = yield* openTest(config, host, opened)
  try {
    const images = test ?? opened.validation ?? opened.training
    const split = test ? 'test' : opened.validation ? 'validation' : 'training'
    const before =
      split === 'validation' && session.pretrained !== null
        ? session.pretrained
        : await pretrainedOn(session, images, split)
    const after =
      split === 'validation' && session.present !== null
        ? session.present
        : (await presentOn(session, images, split)).accuracy
    yield {
      type: 'finished',
      stopped,
      steps: progress.steps,
      split,
      accuracy: after,
      pretrained: before,
      seconds: (performance.now() - began) / 1000,
      dataWaitSeconds: waited.seconds,
    }
  } finally {
    await test?.close()
  }
}

/** What is learned as it is now. */
export async function presentOn(
  { config, place, learner, waited }: Session,
  images: LabelledImages,
  split: Split,
): Promise<{ loss: number; accuracy: number }> {
  const { model, close } = learner.open(null)
  try {
    return await measured(config, place, model, images, split, waited)
  } finally {
    close()
  }
}

async function pretrainedOn({ config, place, waited }: Session, images: LabelledImages, split: Split): Promise<number> {
  const whole = await place.pretrained()
  try {
    const { accuracy } = await measured(config, place, towerModel(place.tower, whole.weights), images, split, waited)
    return accuracy
  } finally {
    whole.dispose()
  }
}
