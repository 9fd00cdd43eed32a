// The merges without training, the terminal's default first; a run's configuration asks for its steps in this order. To
// add one: its card and a line in this list, its mathematics and a line in engine/merging/index.ts. What follows by
// itself: "basil merge --method", its options and help, the check of recipes, names, cards, rebuilding, and the shared
// suites. test/house/adding-a-merge.test.ts adds one and counts.
import type { MergeCard } from './card.ts'
import { randomParts } from './random-parts.ts'
import { taskArithmetic } from './task-arithmetic.ts'
import { ties } from './ties.ts'

export const merges: readonly MergeCard[] = [taskArithmetic, ties, randomParts]
