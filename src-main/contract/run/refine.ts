// Refinement of one fine-tuned model on its own task: DV-BASI from that very checkpoint, theta_0 = theta_ft and delta =
// its task vector, with the strict protocol's settings. A folder of one of the field's data sets is enough: one half of
// its validation split is learned on, the other selects, and test is opened once.
import type { RunConfig } from './config.ts'

export interface Refinement {
  name: string // of the task
  finetuned: string
  pretrained: string
  head: string
  data: string // images, or the folder of a data set, whose field splits are taken where the two below are not given
  validation?: string | undefined
  test?: string | undefined
}

export function refinementOf({ name, finetuned, pretrained, head, data, validation, test }: Refinement): RunConfig {
  const isFolder = !data.includes('#') && validation === undefined && test === undefined
  const images = isFolder
    ? {
        data: `${data}#field-val?half=1&seed=0`,
        validation: `${data}#field-val?half=2&seed=0`,
        test: `${data}#field-test`,
      }
    : { data, ...(validation !== undefined && { validation }), ...(test !== undefined && { test }) }
  return {
    name: `Refine ${name}`.slice(0, 200),
    method: 'dv-basi',
    pretrained,
    vectors: [finetuned],
    tasks: [{ name, head, finetuned, ...images }],
    start: { method: 'checkpoint', checkpoint: finetuned },
    iterations: 5,
    epochs: 60,
    patience: 5,
    initialCoefficient: 0.1,
    learningRate: 0.01,
    weightDecay: 0.1,
  }
}
