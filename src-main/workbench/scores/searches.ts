// Searches as jobs of the queue: what is asked becomes a row, each model that is scored is told as it comes and kept
// with the job at its end, and the best is written as any merge is, with its recipe.
import { dirname } from 'node:path'

import { z } from 'zod'

import {
  type Scored,
  type SearchAsked,
  type SearchShown,
  scoredSchema,
  searchAskedSchema,
  summarySchema,
} from '../../contract/api/searches.ts'
import { type Sha256, sha256Schema } from '../../contract/branded.ts'
import { type Form, formSchema } from '../../contract/checkpoint.ts'
import { BasilError } from '../../contract/errors.ts'
import { weightSchema } from '../../contract/merges/valued.ts'
import { cmaEs } from '../../contract/methods/cma-es.ts'
import { type Recipe, recipeSchema } from '../../contract/run/recipe.ts'
import { jobOf, putJobRequest } from '../../history/jobs.ts'
import type { History } from '../../history/statement.ts'
import { type AskedMerge, exportMerge } from '../export/merge.ts'
import type { Work } from '../jobs/kind.ts'
import type { Jobs } from '../jobs/queue.ts'
import { lastHeard } from '../link/heard.ts'
import type { InOwnProcess } from '../link/own-process.ts'
import { type Aims, keepOf } from './aims.ts'
import { distinct, requireNoImages, wayOf } from './asked.ts'
import { chosenBy } from './card.ts'
import { wordsOf } from './command.ts'
import { logName } from './log.ts'
import { bestOf, noneKept, type Search, searchByScores } from './search.ts'
import { recipeFor } from './variation.ts'

const parent = z.object({ file: z.string(), name: z.string(), sha256: sha256Schema })
const mergeSchema = z.object({
  method: z.string(),
  parameters: z.record(z.string(), z.unknown()),
  pretrained: parent.nullable(),
  vectors: z.array(parent),
  coefficients: z.union([z.number(), z.array(z.number())]).optional(),
  weights: z.array(weightSchema).optional(),
  missing: z.literal('base').optional(),
  tokenizer: z.union([z.enum(['base', 'union']), z.object({ path: z.string() })]).optional(),
})

/** scored, found: once it has ended, or was ended. */
export const searchJobSchema = z.object({
  merge: mergeSchema,
  form: formSchema,
  out: z.string(),
  search: searchAskedSchema,
  scored: z.array(scoredSchema).default([]),
  found: z.object({ summary: summarySchema, recipe: recipeSchema.nullable() }).nullable().default(null),
})
type SearchJob = z.infer<typeof searchJobSchema>

export interface Searches {
  /** Gives the job's number. Throws config-invalid, before anything is scored. */
  start(wanted: { merge: AskedMerge; form: Form; out: string }, search: SearchAsked): number
  /** Throws run-missing. */
  show(job: number): SearchShown
  /** The recipe of the best. Throws run-missing where there is none. */
  best(job: number): Recipe
}

export interface SearchesAtWork {
  /** Gives the file of the best. */
  work(job: number, request: SearchJob, work: Work): Promise<string>
}

interface Parts {
  history: History
  jobs: Pick<Jobs, 'add'>
  inOwnProcess: InOwnProcess
  template: string // of the card
  /** A file that was written becomes a row of the library. */
  shelve(file: string): Promise<void>
}

const most = 3000 // models that are kept with a job; the log has them all

export function createSearches(parts: Parts): { searches: Searches; atWork: SearchesAtWork } {
  const { history, jobs, inOwnProcess, template, shelve } = parts
  const live = new Map<number, Scored[]>()

  function requestOf(job: number): SearchJob {
    const { kind, request } = jobOf(history, job)
    if (kind === 'search') return searchJobSchema.parse(request)
    throw missing(job, `it is a ${kind}`)
  }

  return {
    searches: {
      start: ({ merge, form, out }, search) => {
        const request = searchJobSchema.parse({ merge, form, out, search })
        const { way } = searchOf(request)
        for (const variation of way.sure) recipeFor(merge, variation) // throws
        return jobs.add(() => ({ kind: 'search', request, file: out }))
      },
      show: (job) => {
        const request = requestOf(job)
        const { merge, search, found, out } = request
        const scored = live.get(job) ?? request.scored
        const shown = { job, asked: search, method: merge.method, scored, log: search.log ?? logName(out) }
        return { ...shown, best: bestIn(scored, aimsOf(search)), summary: found?.summary ?? null }
      },
      best: (job) => {
        const recipe = requestOf(job).found?.recipe
        if (recipe) return recipe
        throw missing(job, 'it has no best one yet, or none that keeps to the bounds')
      },
    },
    atWork: {
      work: async (job, request, work) => {
        const search = searchOf(request)
        const { out, form } = request
        const scored: Scored[] = []
        live.set(job, scored)
        const keep = (found: SearchJob['found']): void =>
          putJobRequest(history, job, { ...request, scored: scored.slice(0, most), found })
        try {
          const file = await inOwnProcess(
            work.signal,
            async (own) => {
              const quiet = { signal: work.signal, tell: () => undefined }
              const rebuild = async (asked: Parameters<Parameters<typeof searchByScores>[1]['rebuild']>[0]) =>
                (await lastHeard(own, quiet, (client) => client.merge(asked))).result
              const hashes = async (files: readonly string[]) => {
                const found: Sha256[] = []
                for (const file of files) found.push((await own.ask((client) => client.hash({ file }))).sha256)
                return found
              }
              const tell = tellerOf(search, work, scored)
              const {
                winner,
                log: _,
                ...summary
              } = await searchByScores(search, { rebuild, hashes, signal: work.signal, tell })
              keep({ summary, recipe: winner?.recipe ?? null })
              if (!winner) throw noneKept(search.aims, summary.candidates)
              const chosen = chosenBy({ ...summary, winner, log: search.log }, search.aims, search.scorer.command)
              const look = (written: string) => own.ask((client) => client.look({ file: written }))
              const target = { recipe: winner.recipe, out, overwrite: false, form }
              return (await exportMerge({ template, rebuild, look }, target, chosen)).file
            },
            dirname(out),
          )
          await shelve(file)
          return file
        } catch (error) {
          if (requestOf(job).found === null && work.wish() !== 'close') keep(null)
          throw error
        } finally {
          live.delete(job)
        }
      },
    },
  }
}

const aimsOf = ({ best, lower, bounds }: SearchAsked): Aims => ({ best, lower, keeps: bounds.map(keepOf) })

/** Throws config-invalid. */
function searchOf({ merge, form, out, search }: SearchJob): Search {
  wordsOf(search.command) // throws
  requireNoImages(merge.method)
  const names = distinct(merge.vectors.map(({ name }) => name))
  const { way, sweeps, evaluations, sigma, limits, groups, depths, seed } = search
  const weighed = { evaluations, sigma, ...(limits && { limits }), groups, depths }
  const looking =
    way === 'sweep' ? { sweep: sweeps } : way === cmaEs.name ? { search: way, ...weighed } : { search: way }
  return {
    ...{ merge, names, form, out, log: search.log ?? logName(out), aims: aimsOf(search) },
    way: wayOf(looking, merge, names, seed),
    scorer: { command: search.command, seconds: search.seconds },
  }
}

/** The number of the best candidate; null where none is within the bounds, or it is not said what decides. */
function bestIn(scored: readonly Scored[], aims: Aims): number | null {
  const candidates = scored.filter((one) => one.type === 'candidate')
  const base = scored.find(({ type }) => type === 'base')?.scores ?? null
  try {
    return bestOf(candidates, aims, base)?.number ?? null
  } catch {
    return null
  }
}

/** How far it is, with the time that is left by what a model took that was not known; and a pause that waits. */
function tellerOf({ merge, names, way }: Search, work: Work, scored: Scored[]): (one: Scored) => void {
  const total = (merge.pretrained ? 1 : 0) + names.length + way.most
  let measured = 0
  const began = performance.now()
  work.tell({ what: 'Scoring', done: 0, total }, null)
  return (one) => {
    scored.push(one)
    if (!one.known) measured++
    const left = total - scored.length
    const seconds = (performance.now() - began) / 1000
    work.tell({ what: 'Scoring', done: scored.length, total }, measured > 0 ? (seconds / measured) * left : null)
    if (work.wish() === 'pause') work.pauses()
  }
}

function missing(job: number, why: string): BasilError {
  return new BasilError({
    code: 'run-missing',
    what: 'There is no such search',
    where: `job ${job}`,
    why,
    next: 'choose one that is done',
  })
}
