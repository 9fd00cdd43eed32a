// The ways a stage of a run can learn. To add one: one page, and one line in this list; any method's card can name it.
// The shared suites (looks, the best state, resume to the same bits) run over every method, and so over every way.
import type { Way } from '../way.ts'
import { asItIs } from './as-it-is.ts'
import { cmaEs } from './cma-es.ts'
import { gradient } from './gradient.ts'
import { grid } from './grid.ts'
import { variational } from './variational.ts'

export const ways: readonly Way[] = [grid, gradient, cmaEs, variational, asItIs]
