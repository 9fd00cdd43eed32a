// What the program on the cluster answers. Folders there:
//   store/SHA/NAME     a content, whole and verified       incoming/SHA/NAME  one that is being sent
//   packs/SHA/         the program                         studies/ID/        a study: study.json, claim.json, tasks/
import { existsSync } from 'node:fs'
import { rename, rm, unlink } from 'node:fs/promises'
import { arch, cpus, hostname, platform, totalmem } from 'node:os'
import { join } from 'node:path'

import packageJson from '../../package.json' with { type: 'json' }
import {
  type Answers,
  askedSchema,
  type Content,
  type FoundThere,
  type Question,
  questions,
} from '../contract/clusters/remote.ts'
import { taskFolder } from '../contract/clusters/task.ts'
import { BasilError } from '../contract/errors.ts'
import { currentEngine } from '../files/engine-folder.ts'
import { kind } from '../files/listing.ts'
import { makeFolder } from '../files/made-folder.ts'
import { readStart } from '../files/open.ts'
import { freeBytes } from '../files/room.ts'
import { type Carrier, wholeContent } from '../files/whole-content.ts'
import { writeAtomic } from '../files/write-atomic.ts'
import { gpus } from '../workbench/native/gpus.ts'
import { thisSystem } from '../workbench/native/system.ts'
import { newsOf } from './news.ts'

type Answering = { [Q in Question]: (of: Answered<Q>) => Promise<Answers<Q>> }
type Answered<Q extends Question> = ReturnType<(typeof questions)[Q]['asks']['parse']>

/** Throws what the question throws; message-invalid where it is none. */
export async function answer(asked: unknown): Promise<unknown> {
  const { ask, of } = askedSchema.parse(asked)
  const reply = answering[ask] as (of: unknown) => Promise<unknown>
  return reply(questions[ask].asks.parse(of))
}

const json = (value: unknown): Uint8Array[] => [Buffer.from(`${JSON.stringify(value)}\n`)]
const longest = 64 * 2 ** 20 // bytes of what is kept in JSON

const answering: Answering = {
  hello: async ({ folder }) => {
    const { installed } = currentEngine(process.env['BASIL_HOME'] ?? folder)
    const names = (await gpus()).gpus.map(({ name }) => name)
    return {
      ...{ basil: packageJson.version, node: process.version, host: hostname() },
      glibc: thisSystem().libc || null,
      ...{ cpus: cpus().length, memoryBytes: totalmem(), freeBytes: freeBytes(folder), gpus: names },
      now: new Date().toISOString(),
      engine: installed ? `native-${installed.kind}` : 'wasm',
    }
  },
  have: async ({ folder, contents }) => {
    const found: FoundThere[] = []
    for (const content of contents) found.push(await findThere(folder, content))
    return { found }
  },
  settle: async ({ folder, content }) => {
    const { only } = content
    const [incoming, store] = ['incoming', 'store'].map((of) => join(folder, of, content.sha256))
    const found = await hashThere({ path: join(incoming ?? '', content.name), ...(only && { only }) }, folder)
    if (found !== content.sha256) throw damagedOnTheWay(join(incoming ?? '', content.name))
    makeFolder(join(folder, 'store'))
    if (existsSync(store ?? '')) await rm(incoming ?? '', { recursive: true })
    else await rename(incoming ?? '', store ?? '')
    return { sha256: content.sha256, path: join(store ?? '', content.name), differs: [] }
  },
  claim: async ({ folder, claim }) => {
    makeFolder(join(folder, 'tasks'))
    const file = join(folder, 'claim.json')
    try {
      await writeAtomic(file, json(claim), { overwrite: false })
      return claim
    } catch (error) {
      if (!existsSync(file)) throw error
      const there = questions.claim.answers.parse(JSON.parse((await readStart(file, longest)).bytes.toString('utf8')))
      if (there.by !== claim.by) throw claimed(folder, there)
      return there
    }
  },
  prepare: async ({ folder, study, specs }) => {
    if (study !== undefined) await writeAtomic(join(folder, 'study.json'), json(study), { overwrite: true })
    for (const spec of specs) {
      const task = join(folder, 'tasks', taskFolder(spec.index))
      makeFolder(task)
      if (!existsSync(join(task, 'spec.json')))
        await writeAtomic(join(task, 'spec.json'), json(spec), { overwrite: false })
    }
    return { tasks: specs.length }
  },
  look: async ({ folder, tasks, bytes }) => {
    const news: Answers<'look'>['news'] = []
    let left = bytes
    for (const known of tasks) {
      if (left <= 0) break
      const one = await newsOf(join(folder, 'tasks', taskFolder(known.index)), known, left)
      if (!one) continue
      news.push(one)
      left -= 200 + one.pieces.reduce((sum, { lines }) => sum + lines.reduce((n, { length }) => n + length, 0), 0)
    }
    return { now: new Date().toISOString(), news }
  },
  again: async ({ folder, tasks }) => {
    let taken = 0
    for (const index of tasks) {
      const result = join(folder, 'tasks', taskFolder(index), 'result.json')
      if (!existsSync(result)) continue
      await unlink(result)
      taken++
    }
    return { tasks: taken }
  },
}

async function findThere(folder: string, { sha256, name, paths, kind: is, only }: Content): Promise<FoundThere> {
  const own = join(folder, 'store', sha256, name)
  if (existsSync(own)) return { sha256, path: own, differs: [] } // it was verified before it came there
  const differs: string[] = []
  for (const path of paths) {
    if ((await kind(path)) !== is) continue
    if ((await hashThere({ path, ...(only && { only }) }, folder).catch(() => null)) === sha256)
      return { sha256, path, differs }
    differs.push(path)
  }
  return { sha256, path: null, differs }
}

const hashThere = async (carrier: Carrier, folder: string): Promise<string> =>
  (await wholeContent(carrier, { cache: join(folder, 'hashes') })).sha256

function damagedOnTheWay(where: string): BasilError {
  return new BasilError({
    code: 'verify-failed',
    what: 'A content did not arrive as it was sent',
    where,
    why: 'it has another hash there',
    next: 'try again; what arrived was left where it is, and counts for nothing',
  })
}

function claimed(folder: string, { by, host, at }: Answers<'claim'>): BasilError {
  return new BasilError({
    code: 'target-exists',
    what: 'The study is there already, and belongs to another',
    where: folder,
    why: `${by} handed it over on ${at}, from ${host} (${platform()} ${arch()} looks at it now)`,
    next: 'look at it where it was handed over, or hand it over under another name',
  })
}
