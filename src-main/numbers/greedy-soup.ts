// Greedy soup (Wortsman et al., ICML 2022): from the best model on, each next best is taken in where the average of
// what is in by then scores no lower on held-out data than without it. What comes out is an average whose weights are
// 0 and 1. Scores are the caller's: of a set of models, how good their average is.
import { at } from './vectors.ts'

export interface GreedySoup<S> {
  members: number[] // in the order of the models
  score: S
  scores: S[] // of each model alone
}

/** compare: above 0 where the first is better than the second. Of equals the earlier model comes first. */
export async function greedySoup<S extends {}>(
  models: number,
  score: (members: readonly number[]) => Promise<S>,
  compare: (a: S, b: S) => number,
): Promise<GreedySoup<S>> {
  const scores: S[] = []
  for (let i = 0; i < models; i++) scores.push(await score([i]))
  const ranked = [...scores.keys()].sort((i, j) => compare(at(scores, j), at(scores, i)) || i - j)
  const first = at(ranked, 0)
  let [members, best] = [[first], at(scores, first)]
  for (const next of ranked.slice(1)) {
    const wider = [...members, next].sort((i, j) => i - j)
    const found = await score(wider)
    if (compare(found, best) >= 0) [members, best] = [wider, found]
  }
  return { members, score: best, scores }
}
