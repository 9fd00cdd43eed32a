// Greedy soup (Wortsman et al., ICML 2022): from the best model on, each next best is taken in where the average of
// what is in by then scores no lower on held-out data than without it. What comes out is an average whose weights are
// 0 and 1. Scores are the caller's: of a set of models, how good their average is, more being better.
import { at } from '../../../numbers/vectors.ts'

export interface GreedySoup {
  members: number[] // in the order of the models
  score: number
  scores: number[] // of each model alone
}

export async function greedySoup(
  models: number,
  score: (members: readonly number[]) => Promise<number>,
): Promise<GreedySoup> {
  const scores: number[] = []
  for (let i = 0; i < models; i++) scores.push(await score([i]))
  const ranked = [...scores.keys()].sort((i, j) => at(scores, j) - at(scores, i) || i - j)
  let [members, best] = [ranked.slice(0, 1), scores[ranked[0] ?? 0] ?? Number.NEGATIVE_INFINITY]
  for (const next of ranked.slice(1)) {
    const wider = [...members, next].sort((i, j) => i - j)
    const found = await score(wider)
    if (found >= best) [members, best] = [wider, found]
  }
  return { members, score: best, scores }
}
