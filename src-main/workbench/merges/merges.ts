// Merges that a page asks for: rows of the library become the parents of a recipe, which is planned by headers alone,
// in a reading process of its own that no long hash holds up, or becomes a job.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

import type { MergeAsked, MergePlanned } from '../../contract/api/merges.ts'
import { sha256 } from '../../contract/branded.ts'
import type { Form } from '../../contract/checkpoint.ts'
import { BasilError, recordOf } from '../../contract/errors.ts'
import { extensionOf, isIndexName } from '../../contract/file-names.ts'
import type { MergePlan } from '../../contract/merges/plan.ts'
import { stepInWords } from '../../contract/merges/step.ts'
import type { Recipe } from '../../contract/run/recipe.ts'
import { makeFolder } from '../../files/made-folder.ts'
import { freeBytes } from '../../files/room.ts'
import { requireFree, requireNothing, targetExists } from '../../files/write-atomic.ts'
import { queuedJobs } from '../../history/jobs.ts'
import type { History } from '../../history/statement.ts'
import { type AskedMerge, type Chosen, mergeRecipe } from '../export/merge.ts'
import type { Jobs } from '../jobs/queue.ts'
import { storedRow } from '../library/rows.ts'
import { nameOf } from '../library/sets/conventions.ts'
import type { EngineProcess } from '../link/engine-process.ts'
import { answerOf } from '../reading/answer.ts'
import { createReader } from '../reading/reader.ts'
import { exportsFolder } from '../settings/kept.ts'
import { createDerive, type Derive } from './derive.ts'
import { lookingTakes, looksOf } from './looking.ts'

export interface Merges extends Derive {
  /** Throws what is in its way. */
  plan(asked: MergeAsked): Promise<MergePlanned>
  /** Its name, for a dialog. */
  suggestName(asked: MergeAsked): string
  /** out: where the system's dialog said, which has asked about what is there. Gives the job's number. */
  start(asked: MergeAsked, out?: string): Promise<number>
  /** What a search of it begins with, and where its best one goes. Throws what is in its way. */
  prepare(asked: MergeAsked): Promise<{ merge: AskedMerge; form: Form; out: string }>
  /** As it would be merged. Throws config-invalid. */
  recipe(asked: MergeAsked): Recipe
  /** The same of a recipe that is there, with words for its card; without a place among the data folder's exports. */
  startRecipe(recipe: Recipe, to: { stem: string; form: Form; out?: string; chosen?: Chosen }): Promise<number>
  close(): Promise<void>
}

interface Options {
  history: History
  home: string // the data folder
  jobs: Pick<Jobs, 'add'>
  start: () => EngineProcess
}

export function createMerges({ history, home, jobs, start }: Options): Merges {
  const reader = createReader(start)

  function parentOf(id: number): Recipe['pretrained'] {
    const { path, sha256: known } = storedRow(history, id)
    return { file: path, name: nameOf(path), sha256: known ?? sha256('') }
  }

  function askedOf({ pretrained, vectors, images: _, tokenizer, ...asked }: MergeAsked): AskedMerge {
    return {
      ...asked,
      ...(tokenizer !== undefined && {
        tokenizer: typeof tokenizer === 'number' ? { path: parentOf(tokenizer).file } : tokenizer,
      }),
      pretrained: pretrained === null ? null : parentOf(pretrained),
      vectors: vectors.map(parentOf),
    }
  }
  const recipeOf = (asked: MergeAsked): Recipe => mergeRecipe(askedOf(asked))

  const { folderOf, isFree, targetOf, freeIn } = targetsIn(history, home)
  const looks = ({ method, images = [], vectors }: MergeAsked) => looksOf(history, method, images, vectors.length)

  return {
    ...createDerive({ history, home, jobs }),
    suggestName: (asked) => fileName(asked.name.trim() || stemOf(asked), asked.form),
    plan: async (asked) => {
      looks(asked)
      const recipe = recipeOf(asked)
      const out = targetOf(asked)
      const where = [recipe.pretrained, ...recipe.vectors].map(({ file }) => file).join(', ')
      const plan = await answerOf(
        reader.told<MergePlan>(where, async (client) => once(client.mergePlan({ recipe, form: asked.form }))),
      )
      const looking = lookingTakes(history, asked.method, asked.parameters, plan, asked.vectors.length)
      const taken = asked.place !== 'dialog' && !isFree(out) ? recordOf(targetExists(out)) : null
      const said = { recipe: recipe.name, steps: recipe.steps.map(stepInWords).join(', then ') }
      return { ...said, out, taken, plan, looking, freeBytes: freeFor(asked, out) }
    },
    start: async (asked, chosen) => {
      const { form } = asked
      const looked = looks(asked)
      const request = { recipe: recipeOf(asked), out: chosen ?? targetOf(asked), overwrite: chosen !== undefined, form }
      if (chosen === undefined && !isFree(request.out)) throw targetExists(request.out)
      await (form.shardBytes === undefined ? requireFree(request.out, request) : requireNothing(request.out))
      if (asked.place === 'exports') makeFolder(folderOf(asked))
      const kind = looked === null ? 'merge' : 'image-merge'
      return jobs.add(() => ({ kind, request: { ...request, ...looked }, file: request.out }))
    },
    prepare: async (asked) => {
      const { form } = asked
      const out = targetOf(asked)
      if (!isFree(out)) throw targetExists(out)
      await (form.shardBytes === undefined ? requireFree(out, { overwrite: false }) : requireNothing(out))
      if (asked.place === 'exports' || asked.place === 'dialog') makeFolder(exportsFolder(home))
      return { merge: askedOf(asked), form, out }
    },
    recipe: recipeOf,
    startRecipe: async (recipe, { stem, form, out, chosen }) => {
      const folder = exportsFolder(home)
      const request = {
        recipe,
        out: out ?? freeIn(folder, stem, form),
        overwrite: out !== undefined,
        form,
        ...(chosen && { chosen }),
      }
      await (form.shardBytes === undefined ? requireFree(request.out, request) : requireNothing(request.out))
      if (out === undefined) makeFolder(folder)
      return jobs.add(() => ({ kind: 'merge', request, file: request.out }))
    },
    close: () => reader.close(),
  }
}

/** Where models go. */
function targetsIn(history: History, home: string) {
  function folderOf({ place }: MergeAsked): string {
    if (typeof place === 'object') return place.folder
    if (typeof place !== 'number') return exportsFolder(home)
    const { path } = storedRow(history, place)
    return isIndexName(path) ? dirname(dirname(path)) : dirname(path) // a folder of shards is one model
  }

  /** Nothing lies there, and no job that is open writes there. */
  const isFree = (path: string): boolean =>
    !existsSync(path) && !queuedJobs(history, ['waiting', 'paused', 'running']).some(({ file }) => file === path)

  function targetOf(asked: MergeAsked): string {
    const folder = folderOf(asked)
    if (asked.name.trim() !== '') return join(folder, fileName(asked.name.trim(), asked.form))
    return freeIn(folder, stemOf(asked), asked.form)
  }

  function freeIn(folder: string, stem: string, form: Form): string {
    for (let count = 1; ; count++) {
      const path = join(folder, fileName(`${stem}${count === 1 ? '' : `-${count}`}`, form))
      if (isFree(path)) return path
    }
  }

  return { folderOf, isFree, targetOf, freeIn }
}

/** Where the system's dialog will say where, it is not known. */
const freeFor = ({ place }: MergeAsked, out: string): number | null =>
  place === 'dialog' ? null : freeBytes(dirname(out))

/** One answer, as a stream that ends with it. */
async function* once<T>(question: Promise<T>): AsyncGenerator<{ type: 'result'; result: T }> {
  yield { type: 'result', result: await question }
}

const stemOf = ({ method, vectors }: MergeAsked): string => `${method}-of-${vectors.length}`

/** With its extension; of a folder of shards as it is. Throws not-allowed for what is no name. */
function fileName(name: string, { container, shardBytes }: Form): string {
  if (/[/\\\0]/.test(name) || /^\.{1,2}$/.test(name))
    throw new BasilError({
      code: 'not-allowed',
      what: 'This is no name for a file',
      where: name,
      why: 'it has a slash in it, or is no name at all',
      next: 'give a name alone; its folder is chosen beside it',
    })
  const ending = `.${extensionOf(container)}`
  return shardBytes !== undefined || name.endsWith(ending) ? name : `${name}${ending}`
}
