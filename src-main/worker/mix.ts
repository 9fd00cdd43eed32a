// The one mix that is open in the engine's process. Whatever else the engine is asked to compute ends it first, so that
// a run never shares the device with it; of what it is asked itself only the newest is worked on.
import type { MixCoefficients, MixOpened, MixRequest, MixScores } from '../contract/api/mix.ts'
import type { Told } from '../contract/engine-api.ts'
import { BasilError, reported } from '../contract/errors.ts'
import type { Recipe } from '../contract/run/recipe.ts'
import { nothingSaid } from '../contract/tower.ts'
import { type Mix, type MixHost, openMix } from '../engine/evaluation/mix/mix.ts'
import { vectorsAfter } from '../engine/merging/vectors-after.ts'
import { useOf } from '../engine/weights/checkpoint.ts'
import { areGroups, type Groups, groupsOf } from '../engine/weights/merge.ts'
import { openParents, type Parents } from '../engine/weights/parents.ts'
import { hashInThread } from '../files/hash-thread.ts'
import { openSource } from '../files/source.ts'
import { expansionOf } from './evaluations/evaluate.ts'
import { parentsOf, requireUnchanged, settingsOf } from './rebuild.ts'
import { withStatistics } from './with-statistics.ts'

/** What the engine's process brings: a backend in the products of the run, its caches. */
export type MixPlace = (config: MixRequest['config']) => Promise<Omit<MixHost, 'open' | 'signal'>>

export interface Mixing {
  open(request: MixRequest): AsyncGenerator<Told<MixOpened>>
  score(asked: { session: number; seq: number; coefficients: MixCoefficients }): AsyncGenerator<MixScores>
  /** closed: false where none was open. */
  close(): Promise<{ closed: boolean }>
}

interface Present {
  session: number
  leaving: AbortController
  mix: Mix | null // null while it is being opened
  parents: Parents | null
  newest: number // that was asked for
  working: Promise<void> // on the last that was asked for
}

export function mixing(placeFor: MixPlace): Mixing {
  let present: Present | null = null
  let sessions = 0
  let asked = 0 // how often one was to be opened or closed

  function close(): Promise<{ closed: boolean }> {
    asked++
    return end()
  }

  async function end(): Promise<{ closed: boolean }> {
    const mine = present
    if (!mine) return { closed: false }
    mine.leaving.abort()
    await mine.working
    if (present !== mine) return { closed: true } // somebody else has waited, too
    present = null
    await mine.mix?.close()
    await mine.parents?.close()
    return { closed: true }
  }

  /** Nothing else is worked on until the returned function is called. */
  async function alone(mine: Present): Promise<() => void> {
    const before = mine.working
    const { promise, resolve } = Promise.withResolvers<void>()
    mine.working = promise
    await before
    return resolve
  }

  async function* open(request: MixRequest): AsyncGenerator<Told<MixOpened>> {
    const turn = ++asked
    await end()
    if (turn !== asked) throw over() // other work has begun while the last one ended
    const mine: Present = {
      ...{ session: ++sessions, leaving: new AbortController(), mix: null, parents: null },
      ...{ newest: 0, working: Promise.resolve() },
    }
    present = mine
    const leave = await alone(mine)
    const hashing = hashInThread(parentsOf(request.recipe).map(({ file }) => file))
    let isOpen = false
    try {
      mine.parents = await openedParents(request.recipe)
      const { recipe, groups } = divided(request.recipe, mine.parents)
      const host = { ...(await placeFor(request.config)), open: openSource, signal: mine.leaving.signal }
      mine.mix = yield* openMix({ ...request, recipe }, mine.parents, groups, host)
      await requireUnchanged(recipe, hashing)
      mine.leaving.signal.throwIfAborted()
      isOpen = true
      leave()
      yield { type: 'result', result: openedOf(mine.session, mine.mix, mine.parents, recipe) }
    } finally {
      await hashing.stop()
      leave()
      if (!isOpen && present === mine) await end()
    }
  }

  async function* score({ session, seq, coefficients }: Parameters<Mixing['score']>[0]): AsyncGenerator<MixScores> {
    const mine = present
    if (!mine || mine.session !== session || !mine.mix) throw over()
    mine.newest = Math.max(mine.newest, seq)
    const isWanted = (): boolean => mine.newest === seq && !mine.leaving.signal.aborted
    const leave = await alone(mine)
    try {
      if (isWanted()) yield* mine.mix.score(coefficients, isWanted)
    } finally {
      leave()
    }
  }

  return { open, score, close }
}

/** Computed as the run was. What a moved expansion has learned is no one set of coefficients. */
async function openedParents(recipe: Recipe): Promise<Parents> {
  if (recipe.linearised && expansionOf(recipe) === 'moved' && recipe.iterations.length > 0) throw moved(recipe)
  const towers = await openParents(
    recipe.pretrained.file,
    recipe.vectors.map(({ file }) => file),
    openSource,
    useOf(settingsOf(recipe) ?? nothingSaid),
  )
  try {
    return await vectorsAfter(await withStatistics(towers, recipe), recipe.steps)
  } catch (error) {
    await towers.close()
    throw error
  }
}

/** One coefficient for the whole model becomes one for each layer, unless features are kept for the one. */
function divided(recipe: Recipe, parents: Parents): { recipe: Recipe; groups: Groups } {
  const groups = groupsOf(parents, recipe.grouping)
  if (!areGroups(recipe.groups, groups)) throw strange(recipe)
  if (recipe.grouping !== 'scalar' || recipe.linearised) return { recipe, groups }
  const layers = groupsOf(parents, 'layer')
  const wide = (rows: number[][]): number[][] => rows.map(([one = 0]) => layers.names.map(() => one))
  const start = wide(recipe.start)
  const iterations = wide(recipe.iterations)
  return { recipe: { ...recipe, grouping: 'layer', groups: layers.names, start, iterations }, groups: layers }
}

function openedOf(session: number, { images, instant }: Mix, parents: Parents, recipe: Recipe): MixOpened {
  const { grouping, groups, start, iterations } = recipe
  const vectors = parents.vectors.map(({ file }) => file.source.name)
  return { session, grouping, groups, vectors, own: { start, iterations }, images, instant }
}

function over(): BasilError {
  return new BasilError({
    code: 'run-state',
    what: 'The model is not open any more',
    where: 'live accuracy',
    why: 'the engine has begun other work',
    next: 'wait for it to end',
  })
}

function strange({ name }: Recipe): BasilError {
  return new BasilError({
    code: 'internal',
    what: 'The recipe does not fit its parents',
    where: name,
    why: 'its coefficient names are others',
    ...reported('keep the recipe, and with it'),
  })
}

function moved({ name }: Recipe): BasilError {
  return new BasilError({
    code: 'not-supported',
    what: 'The coefficients of this run cannot be moved by hand',
    where: name,
    why: 'it is a linearised model whose expansion point moved from iteration to iteration',
    next: 'move those of a run whose expansion stays at the pre-trained model',
  })
}
