// A search by scores: the pre-trained model and every single model first, then the candidates of a way (ways.ts). Of
// each recipe the model is written into a folder beside the output, scored by the person's program, logged, and
// removed: there is one at a time. What the log knows is neither written nor scored. The best within the bounds wins.
import { basename, dirname, extname, join, resolve } from 'node:path'

import type { Sha256 } from '../../contract/branded.ts'
import type { Form } from '../../contract/checkpoint.ts'
import { BasilError } from '../../contract/errors.ts'
import type { Recipe } from '../../contract/run/recipe.ts'
import { type CandidateFolder, takeCandidateFolder } from '../../files/candidate-folder.ts'
import type { AskedMerge } from '../export/merge.ts'
import type { Writer } from '../export/with-card.ts'
import { type Aims, beyond, comparing, objectiveOf } from './aims.ts'
import { openScoreLog, type ScoreLog } from './log.ts'
import type { Scores } from './printed.ts'
import { cancelledSearch, type Scorer, scoresOf } from './scorer.ts'
import { type Measured, type Summary, summaryOf } from './summary.ts'
import { hashOf, recipeFor, recipeOfOne, type Variation } from './variation.ts'
import type { Way } from './ways.ts'

export interface Search {
  merge: AskedMerge
  names: readonly string[] // of its models, no two alike
  form: Form
  out: string // absolute
  log: string // a file that searches may share: what one has scored the others know
  way: Way
  scorer: Scorer
  aims: Aims
}

export type SearchEvent =
  | { type: 'base'; scores: Scores; known: boolean }
  | { type: 'single'; model: string; scores: Scores; known: boolean }
  | ({ type: 'candidate'; number: number; most: number; known: boolean } & Measured)

export interface Found extends Summary {
  winner: (Measured & { recipe: Recipe }) | null // null: none keeps to the bounds
  log: string
}

interface Means {
  rebuild: Writer['rebuild']
  /** Of checkpoints, in the order of their paths. Throws what reading throws, and cancelled once the signal has come. */
  hashes(files: readonly string[], signal: AbortSignal): Promise<Sha256[]>
  signal: AbortSignal
  tell: (event: SearchEvent) => void
}

/** Throws what cannot be merged or scored, cancelled once the signal has come, folder-busy beside another search. */
export async function searchByScores(search: Search, means: Means): Promise<Found> {
  const { aims, names, out } = search
  if (!search.merge.pretrained) requireNoBase(aims)
  for (const variation of search.way.sure) recipeFor(search.merge, variation) // throws
  const merge = await withHashes(search.merge, means)
  const log = await openScoreLog(search.log)
  try {
    const folder = await takeCandidateFolder(join(dirname(out), `.${basename(out)}.candidates`))
    try {
      await log.note({ type: 'search', time: new Date().toISOString(), ...toldOf({ ...search, merge }) })
      const measure = measuring(search, means, log, folder)
      const [base, singles] = [merge.pretrained ? await of(null) : null, [] as Scores[]]
      for (const t of names.keys()) singles.push(await of(t))
      const candidates: (Measured & { recipe: Recipe })[] = []
      await search.way.search(
        async (variation) => {
          const recipe = recipeFor(merge, variation)
          const { scores, known } = await measure(recipe, variation.label)
          objectiveOf(aims, scores) // says what is not there, before more is scored
          const measured = { label: variation.label, scores, isKept: beyond(aims, scores, base) === 0 }
          candidates.push({ ...measured, recipe })
          means.tell({ type: 'candidate', number: candidates.length, most: search.way.most, known, ...measured })
          return scores
        },
        comparing(aims, base),
      )
      const winner = bestOf(candidates, aims, base)
      await log.note({ type: 'winner', what: winner?.label ?? null, scores: winner?.scores ?? null })
      return { ...summaryOf({ aims, base, singles, candidates, winner }), winner, log: search.log }

      async function of(model: number | null): Promise<Scores> {
        const name = model === null ? 'pre-trained' : (names[model] as string)
        const single = model === null ? undefined : search.way.single?.(model)
        const recipe = single ? recipeFor(merge, single) : recipeOfOne(merge, model)
        const { scores, known } = await measure(recipe, { model: name })
        objectiveOf(aims, scores)
        means.tell(model === null ? { type: 'base', scores, known } : { type: 'single', model: name, scores, known })
        return scores
      }
    } finally {
      await folder.remove()
    }
  } finally {
    await log.close()
  }
}

/** null: none is within the bounds. */
export function bestOf<M extends Pick<Measured, 'scores' | 'isKept'>>(
  candidates: readonly M[],
  aims: Aims,
  base: Scores | null,
): M | null {
  const compare = comparing(aims, base)
  const kept = candidates.filter(({ isKept }) => isKept)
  return kept.reduce<M | null>((best, one) => (best && compare(one.scores, best.scores) <= 0 ? best : one), null)
}

type Measure = (recipe: Recipe, what: Variation['label']) => Promise<{ scores: Scores; known: boolean }>

/** What is known is not measured again. */
function measuring(search: Search, { rebuild, signal }: Means, log: ScoreLog, folder: CandidateFolder): Measure {
  const { form, out, scorer } = search
  const file = join(folder.path, `candidate${form.shardBytes === undefined ? extname(out) : ''}`)
  let before: Scores | null = null
  return async (recipe, what) => {
    if (signal.aborted) throw cancelledSearch()
    const hash = hashOf(recipe, form, scorer.command)
    const known = log.known.get(hash)
    if (known) {
      before = known
      return { scores: known, known: true }
    }
    const began = performance.now()
    try {
      await rebuild({ recipe, out: file, overwrite: false, form })
      const scores = await scoresOf(scorer, file, signal)
      if (before) requireSameNames(before, scores, scorer.command)
      before = scores
      const { method, steps, start, vectors } = recipe
      const told = { method, steps, start, models: vectors.map(({ name }) => name) }
      await log.score({ hash, what, recipe: told, scores, seconds: (performance.now() - began) / 1000 })
      await folder.clear()
      return { scores, known: false }
    } catch (error) {
      throw signal.aborted ? cancelledSearch() : error
    }
  }
}

/** With the content of every file, by which scores are known again. */
async function withHashes(merge: AskedMerge, { hashes: hashesOf, signal }: Means): Promise<AskedMerge> {
  const { pretrained, vectors } = merge
  const files = [...(pretrained ? [pretrained] : []), ...vectors].map(({ file }) => resolve(file))
  const hashes = await hashesOf(files, signal)
  const own = hashes.slice(pretrained ? 1 : 0)
  return {
    ...merge,
    pretrained: pretrained && { ...pretrained, sha256: hashes[0] ?? pretrained.sha256 },
    vectors: vectors.map((vector, t) => ({ ...vector, sha256: own[t] ?? vector.sha256 })),
  }
}

function requireNoBase({ keeps }: Aims): void {
  const [of] = keeps.filter(({ ofBase }) => ofBase)
  if (of) beyond({ best: null, lower: [], keeps: [of] }, {}, null) // throws
}

/** Of the search, for whoever reads its log. */
function toldOf({ merge, names, scorer, aims }: Search): object {
  const { method, parameters, pretrained, vectors } = merge
  const models = names.map((name, t) => ({ name, sha256: vectors[t]?.sha256 }))
  const bounds = { best: aims.best, lower: aims.lower, keep: aims.keeps.map(({ text }) => text) }
  return { method, parameters, pretrained: pretrained?.sha256 ?? null, models, command: scorer.command, ...bounds }
}

function requireSameNames(before: Scores, now: Scores, command: string): void {
  const [names, others] = [before, now].map((scores) => Object.keys(scores).sort().join(', '))
  if (names === others) return
  throw new BasilError({
    code: 'score-failed',
    what: 'A model got other scores than those before it',
    where: command,
    why: `it tells ${others}, and before ${names}`,
    next: 'let it tell the same of every model; if it was changed, remove the log and begin anew',
  })
}

export function noneKept({ keeps }: Aims, candidates: number): BasilError {
  return new BasilError({
    code: 'score-failed',
    what: 'No candidate keeps to the bounds',
    where: keeps.map(({ text }) => text).join(', '),
    why: `each of ${candidates} is beyond`,
    next: 'loosen them, or look elsewhere; what was scored is kept',
  })
}
