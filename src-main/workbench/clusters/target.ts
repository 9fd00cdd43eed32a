// A cluster as studies see it: what is there is looked at (probe), what a study lacks is put there (stage), its tasks
// are handed over (submit), where they are is asked (poll), they are taken back (cancel), and what came of them is
// fetched (collect). Everything but the turn of the tasks is the same for all kinds: a folder there, and our program in
// it, which answers. Who gives the tasks their turn is a scheduler: slurm.ts, pool.ts.
import type { Cluster } from '../../contract/clusters/cluster.ts'
import type {
  Answers,
  Asks,
  Claim,
  Content,
  FoundThere,
  Hello,
  Question,
  ReadSoFar,
  TaskNews,
} from '../../contract/clusters/remote.ts'
import { answeredSchema, questions } from '../../contract/clusters/remote.ts'
import type { TaskSpec } from '../../contract/clusters/task.ts'
import { BasilError, type ErrorRecord } from '../../contract/errors.ts'
import type { WholeContent } from '../../files/whole-content.ts'
import { tarOf } from './archive.ts'
import { type Place, quoted } from './place.ts'
import { launcher, type Program } from './program.ts'
import { failedThere } from './said.ts'

/** Of a task, by its scheduler. */
export interface Turn {
  state: 'queued' | 'running' | 'over'
  words: string // its own: "PENDING, JobArrayTaskLimit"
  job: string | null // "12_3"
}

export interface ProbedScheduler {
  facts: { what: string; is: string }[]
  wrong: ErrorRecord[]
  notes: string[]
}

/** A study's folder there, and what runs a task of it. */
export interface StudyThere {
  folder: string
  name: string // of its jobs
  program: string // path of basil-remote
}

/** Of tasks that were to be handed over. */
export interface Handed {
  taken: readonly number[] // that the scheduler has now
  left: string | null // why it has not all; the others are to be handed over again later
}

export interface Scheduler {
  probe(): Promise<ProbedScheduler>
  /** Hands tasks over. What the scheduler knows already is not handed over again. */
  submit(study: StudyThere, tasks: readonly number[]): Promise<Handed>
  /** Of each task that it knows of. */
  poll(study: StudyThere): Promise<Map<number, Turn>>
  /** null: all of them. Resolves when it was asked to; poll tells when they are gone. */
  cancel(study: StudyThere, tasks: readonly number[] | null): Promise<void>
  /** This machine's program ends. */
  close(): Promise<void>
}

export interface ClusterTarget extends Scheduler {
  readonly cluster: Cluster
  readonly study: (id: string, name: string) => StudyThere
  hello(): Promise<Hello>
  /** Puts the program there where it is not. tell: bytes sent, of so many. */
  install(signal: AbortSignal, tell: Tell): Promise<void>
  isInstalled(): Promise<boolean>
  have(contents: Content[]): Promise<FoundThere[]>
  /** Sends a content and has it verified; gives its path there. */
  stage(content: WholeContent, asked: Content, signal: AbortSignal, tell: Tell): Promise<string>
  claim(study: StudyThere, claim: Claim): Promise<void>
  prepare(study: StudyThere, about: unknown, specs: readonly TaskSpec[]): Promise<void>
  collect(study: StudyThere, known: readonly ReadSoFar[], bytes: number): Promise<{ now: string; news: TaskNews[] }>
  again(study: StudyThere, tasks: readonly number[]): Promise<number>
}

export type Tell = (done: number, total: number) => void

const inOneQuestion = 500 // specifications

export function createTarget(cluster: Cluster, place: Place, scheduler: Scheduler, program: Program): ClusterTarget {
  const { folder } = cluster
  const pack = `${folder}/packs/${program.sha256.slice(0, 16)}`
  const remote = `${pack}/${launcher}`

  async function ask<Q extends Question>(question: Q, of: Asks<Q>): Promise<Answers<Q>> {
    const said = await place.run(`exec ${quoted(remote)} ask`, { input: JSON.stringify({ ask: question, of }) })
    if (said.code !== 0) throw failedThere('The program on the cluster did not answer', place, said)
    const reply = answeredSchema.parse(JSON.parse(said.stdout.toString('utf8')))
    if ('error' in reply) throw new BasilError(reply.error)
    return questions[question].answers.parse(reply.answer) as Answers<Q>
  }

  async function send(files: Parameters<typeof tarOf>[0], to: string, after: string, how: Sending): Promise<void> {
    const input = tarOf(files, (bytes) => how.tell(bytes, how.total))
    const script = `set -e; rm -rf ${quoted(to)}; mkdir -p ${quoted(to)}; tar -xf - -C ${quoted(to)}; ${after}`
    const said = await place.run(script, { input, signal: how.signal })
    if (said.code !== 0) throw notSent(place, said, how.total)
  }

  const isInstalled = async (): Promise<boolean> => (await place.run(`test -x ${quoted(remote)}`)).code === 0
  return {
    ...scheduler,
    cluster,
    study: (id, name) => ({ folder: `${folder}/studies/${id}`, name, program: remote }),
    hello: () => ask('hello', { folder }),
    isInstalled,
    install: async (signal, tell) => {
      if (await isInstalled()) return
      const incoming = `${folder}/incoming/${program.sha256.slice(0, 16)}-${process.pid}`
      const [from, to] = [quoted(incoming), quoted(pack)]
      const after = `test -x ${from}/${launcher}; mkdir -p ${quoted(`${folder}/packs`)}; mv -T ${from} ${to} 2>/dev/null || test -x ${to}/${launcher}`
      await send(launcherLast(program), incoming, after, { signal, tell, total: program.bytes })
    },
    have: async (contents) => (await ask('have', { folder, contents })).found,
    stage: async (content, asked, signal, tell) => {
      const below = content.kind === 'folder' ? `${asked.name}/` : ''
      const root = content.kind === 'folder' ? `${content.path}/` : ''
      const files = content.files.map(({ name, bytes }) => ({
        name: `${below}${name}`,
        from: root === '' ? content.path : `${root}${name}`,
        ...{ mode: 0o644, bytes },
      }))
      await send(files, `${folder}/incoming/${asked.sha256}`, '', { signal, tell, total: content.bytes })
      const { path } = await ask('settle', { folder, content: asked })
      return path ?? ''
    },
    claim: async ({ folder }, claim) => void (await ask('claim', { folder, claim })),
    prepare: async ({ folder }, study, specs) => {
      for (let from = 0; from < Math.max(1, specs.length); from += inOneQuestion) {
        const some = specs.slice(from, from + inOneQuestion)
        await ask('prepare', { folder, specs: some, ...(from === 0 && { study }) })
      }
    },
    collect: ({ folder }, known, bytes) => ask('look', { folder, tasks: [...known], bytes }),
    again: async ({ folder }, tasks) => (await ask('again', { folder, tasks: [...tasks] })).tasks,
  }
}

/** tar takes an archive that was cut off between two files for whole: it is whole where its last file is there. */
const launcherLast = ({ files }: Program): Program['files'] =>
  files.toSorted((a, b) => Number(a.name === launcher) - Number(b.name === launcher))

interface Sending {
  signal: AbortSignal
  tell: Tell
  total: number // bytes
}

function notSent(place: Place, said: Parameters<typeof failedThere>[2], total: number): BasilError {
  const isFull = /no space left|quota/i.test(said.stderr.toString('utf8'))
  const failed = failedThere('What the study needs could not be put there', place, said)
  if (!isFull) return failed
  return new BasilError({
    ...failed.record,
    code: 'disk-full',
    next: `make room for ${Math.ceil(total / 2 ** 20)} MiB there, or choose another folder, and try again`,
  })
}
