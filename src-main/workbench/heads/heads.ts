// Heads for a window: made of words, imported or fitted by the engine, written to the data folder's heads under names
// of their own, and added to the library. Models and data are rows of the library; a page names no paths.
import { join } from 'node:path'

import type {
  HeadDone,
  HeadEvent,
  HeadImport,
  HeadRequest,
  ImagesHere,
  ProbeEvent,
  ProbeRequest,
} from '../../contract/api/heads.ts'
import type { Job } from '../../contract/api/jobs.ts'
import { BasilError, type ErrorRecord } from '../../contract/errors.ts'
import { headNameOf } from '../../contract/named-tensor.ts'
import type { Exported } from '../../contract/run/recipe.ts'
import type { Progress } from '../../contract/run/run.ts'
import { requireFree } from '../../files/write-atomic.ts'
import type { DataSets } from '../data/sets.ts'
import { inFolder } from '../export/exports.ts'
import type { Work } from '../jobs/kind.ts'
import { paced } from '../jobs/pace.ts'
import type { Jobs } from '../jobs/queue.ts'
import type { Library } from '../library/library.ts'
import type { EngineClient } from '../link/engine-link.ts'
import { lastHeard } from '../link/heard.ts'
import type { Supervisor } from '../link/supervisor.ts'
import type { HeadJob } from './job.ts'
import { knownPrompts, type Prompts, promptsOf } from './prompts.ts'

type Texts = string | string[]
type Told = AsyncGenerator<Progress | { type: 'result'; result: HeadDone }, void>
type WithoutPaths<T> = Omit<T, 'model' | 'out' | 'overwrite' | 'merges'> & { model: number }

export interface Heads {
  prompts(): { classes: Prompts[]; templates: Prompts[] }
  make(
    request: Omit<WithoutPaths<HeadRequest>, 'classes' | 'templates'> & { classes: Texts; templates: Texts | null },
  ): Told
  importHead(
    request: Omit<HeadImport, 'heads' | 'model' | 'out' | 'overwrite'> & {
      id: number
      name?: string
      model: number | null
    },
  ): Told
  probe(
    request: Omit<WithoutPaths<ProbeRequest>, 'data' | 'validation' | 'classes'> & {
      data: ImagesHere
      validation: ImagesHere | null
      classes: Texts | number
    },
  ): Told
}

/** What a head's job does. */
export interface HeadsAtWork {
  /** Writes it under a free name and adds it to the library. Gives its file. */
  work(job: number, wanted: HeadJob, work: Work): Promise<string>
}

interface HeadsOptions {
  home: string // the data folder
  resources: string // the folder of the program's own files
  supervisor: Supervisor
  library: Library
  dataSets: Pick<DataSets, 'show'>
  jobs: Jobs
}

export function createHeads(options: HeadsOptions): { heads: Heads; atWork: HeadsAtWork } {
  const { resources, library, dataSets, jobs } = options
  const made = new Map<number, Made>() // of jobs that somebody waits for
  const pathOf = (id: number): string => library.show(id).path
  const imagesAt = (images: ImagesHere): string =>
    'id' in images ? `${pathOf(images.id)}#${images.name}` : `${dataSets.show(images.dataSet).path}#${images.split}`
  const merges = join(resources, 'text', 'bpe_simple_vocab_16e6.txt.gz')
  const texts = (kind: 'classes' | 'templates', given: Texts): string[] =>
    typeof given === 'string' ? promptsOf(resources, kind, given).texts : given

  /** Its job, which ends with whoever asked for it. */
  async function* told(request: HeadJob): Told {
    const job = jobs.add(() => ({ kind: 'head', request }))
    let last: Job | null = null
    try {
      for await (const now of jobs.follow(job)) {
        if (now.progress && now.progress !== last?.progress) yield { type: 'progress', ...now.progress }
        last = now
      }
      const result = made.get(job)
      if (!result) throw new BasilError(last?.error ?? leftOver(job))
      yield { type: 'result', result }
    } finally {
      made.delete(job)
      await jobs.cancel(job).catch(() => undefined) // the workbench may be closed
    }
  }

  const heads: Heads = {
    prompts: () => ({ classes: knownPrompts(resources, 'classes'), templates: knownPrompts(resources, 'templates') }),
    make: ({ model, classes, templates, ...request }) => {
      const words = {
        classes: texts('classes', classes),
        templates: texts('templates', templates ?? (typeof classes === 'string' ? classes : ['a photo of a {}.'])),
      }
      const whole = { ...request, ...words, model: pathOf(model), merges, overwrite: false }
      return told({ how: 'made', name: request.name, request: whole })
    },
    importHead: ({ id, model, as, features, name = headNameOf(pathOf(id)) }) => {
      const [heads, of] = [[{ file: pathOf(id), name }], model === null ? null : pathOf(model)]
      return told({ how: 'imported', name, request: { heads, as, features, model: of, overwrite: false } })
    },
    probe: ({ model, data, validation, classes, ...request }) => {
      const images = { data: imagesAt(data), validation: validation && imagesAt(validation) }
      const labels = typeof classes === 'number' ? classes : texts('classes', classes)
      const whole = { ...request, ...images, classes: labels, model: pathOf(model), overwrite: false }
      return told({ how: 'fitted', name: request.name, request: whole })
    },
  }
  return { heads, atWork: { work: async (job, wanted, work) => fileOf(options, job, wanted, work, made) } }
}

type Made = HeadDone & { warnings?: string[] | undefined }

async function fileOf(
  { home, supervisor, library }: HeadsOptions,
  job: number,
  { how, name, request }: HeadJob,
  work: Work,
  made: Map<number, Made>,
): Promise<string> {
  const out = await inFolder(join(home, 'heads'), `${name}.safetensors`, freePath)
  const question = (client: EngineClient): Promise<AsyncIterable<HeadEvent | ProbeEvent>> => {
    if (how === 'made') return client.makeHead({ ...request, out })
    if (how === 'fitted') return client.probeHead({ ...request, out })
    return client.importHeads({ ...request, out }).then(once)
  }
  const written = await lastHeard(supervisor, paced(work), question)
  const { file, bytes, sha256, tensors, warnings } = written
  const { added, known } = await library.add([file])
  const report = 'report' in written ? written.report : null
  const entry = added[0] ?? known[0] ?? null
  made.set(job, { file, bytes, sha256, tensors, head: `${file}#head.${name}`, entry, report, warnings })
  return file
}

async function freePath(path: string): Promise<string> {
  await requireFree(path, { overwrite: false })
  return path
}

async function* once(exported: Exported): AsyncGenerator<HeadEvent> {
  yield { type: 'written', ...exported }
}

function leftOver(job: number): ErrorRecord {
  return {
    code: 'cancelled',
    what: 'The head was not written',
    where: `job ${job}`,
    why: 'its job was ended',
    next: 'ask for it again',
  }
}
