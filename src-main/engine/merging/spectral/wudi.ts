// WUDI (Cheng et al., ICML 2025): a matrix that disturbs no task's vectors in the directions of that task's inputs,
//   min over M of sum_t |(M - tau_t) tau_t'|^2 / |tau_t|^2,
// as published: `steps` of Adam from M = sum_t tau_t at a learning rate of 1e-5, which move no element by more than
// their product, whatever the vectors' size. M is rounded to float32 after each, as there: steps as small are rounded
// alike again and again, which shows in the sixth digit. Where steps without end lead is wudi-closed.ts.

import { wudi as card } from '../../../contract/merges/spectral/wudi.ts'
import { adamwStep, type Moments } from '../../../numbers/adamw.ts'
import { element } from '../../../numbers/vectors.ts'
import { multiplyInto, viewOf } from '../../devices/double/products.ts'
import { ofMatrices, sumOf } from './matrices.ts'
import { normalEquations } from './normal-equations.ts'

export const wudi = ofMatrices(card, async (device, taus, { steps, learningRate }) => {
  const start = await sumOf(device, taus)
  const { a, b } = await normalEquations(device, taus)
  const values = device.values(start)
  const row = (): Float64Array[] => [new Float64Array(values.length)]
  const moments: Moments = { first: row(), second: row(), step: 0 }
  const settings = { learningRate, weightDecay: 0, clipNorm: null }
  const gradient = device.matrix(taus.rows, taus.columns)
  const [g, target] = [device.values(gradient), device.values(b)]
  for (let step = 0; step < steps; step++) {
    multiplyInto(device, 'set', viewOf(start), viewOf(a), viewOf(gradient))
    for (let i = 0; i < g.length; i++) g[i] = 2 * (element(g, i) - element(target, i))
    adamwStep(settings, [values], [g], moments)
    for (let i = 0; i < values.length; i++) values[i] = Math.fround(element(values, i))
    await new Promise(setImmediate) // the process answers between steps
  }
  return start
})
