// Mixes that one can go back to: every move undone one by one, moves of one slider that follow each other as one; and
// the few that rested long enough to be measured on all images. Pure.
import type { MixCoefficients, MixScores } from '../../../src-main/contract/api/mix.ts'
import { isSameMix } from '../../../src-main/contract/mix/coefficients.ts'

const together = 800 // ms between moves of one slider that are one
const most = 100 // moves
const mostTried = 8

export interface Move {
  readonly before: MixCoefficients
  readonly of: string // the slider, or what was done to all
  readonly at: number // ms
}

/** Newest last. */
export function withMove(moves: readonly Move[], move: Move): readonly Move[] {
  const last = moves.at(-1)
  if (last?.of === move.of && move.at - last.at < together) return [...moves.slice(0, -1), { ...last, at: move.at }]
  return [...moves, move].slice(-most)
}

export interface Tried {
  readonly mix: MixCoefficients
  readonly scores: MixScores // of all images
}

/** Newest first; one that was tried before comes to the front. */
export function withTried(tried: readonly Tried[], one: Tried): readonly Tried[] {
  return [one, ...tried.filter(({ mix }) => !isSameMix(mix, one.mix))].slice(0, mostTried)
}
