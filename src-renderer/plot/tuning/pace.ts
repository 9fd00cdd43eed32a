// How long a fine-tuning is and how fast it goes.
import type { TuningStep } from '../../../src-main/contract/tuning/tuning.ts'
import { counted } from '../format.ts'

const recent = 20 // steps whose pace is the present one

/** Of late; null before the first step. */
export function imagesPerSecond(curve: readonly TuningStep[]): number | null {
  const last = curve.slice(-recent)
  const [images, seconds] = [sum(last.map((one) => one.images)), sum(last.map((one) => one.seconds))]
  return seconds > 0 ? images / seconds : null
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

/** "12 epochs of 40 steps" */
export function lengthText({ steps, stepsPerEpoch }: { steps: number; stepsPerEpoch: number }): string {
  const epochs = steps / Math.max(1, stepsPerEpoch)
  const said = Number.isInteger(epochs) ? counted(epochs, 'epoch') : `${epochs.toFixed(1)} epochs`
  return `${said} of ${counted(stepsPerEpoch, 'step')}`
}
