// What the merges without training compute, one line for each card of contract/merges/index.ts.
import type { Merge } from './merge.ts'
import { randomParts } from './random-parts.ts'
import { taskArithmetic } from './task-arithmetic.ts'
import { ties } from './ties.ts'

export const merges: readonly Merge[] = [taskArithmetic, ties, randomParts]
