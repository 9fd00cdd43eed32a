// What a person does on a disk that is full or fails, and goes on with when there is room again: a run, a fine-tuning,
// an export. Says of each, as a line of JSON, what came of it. Arguments: the disk's folder, its control file, a folder
// with small models, how many times, and a seed; see full-disk.test.ts.
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

import type { RunId } from '../../src-main/contract/branded.ts'
import { formSchema } from '../../src-main/contract/checkpoint.ts'
import { BasilError, type ErrorRecord, recordOf } from '../../src-main/contract/errors.ts'
import { readHistory } from '../../src-main/history/open.ts'
import { checkIntegrity } from '../../src-main/history/soundness.ts'
import { forkEngine } from '../../src-main/workbench/link/engine-process.ts'
import { openWorkbench, type Workbench } from '../../src-main/workbench/workbench.ts'
import { rebuild } from '../../src-main/worker/rebuild.ts'
import { bitsOf } from '../workbench/toy.ts'
import { toyConfig, toyEntry } from '../workbench/toy-run.ts'
import { bitsOfTuning, toyTuning } from '../workbench/tunings/toy.ts'
import { halfwayOf } from '../worker/recipes.ts'
import { mountDisk, type Trouble } from './full-disk.ts'
import { seeded } from './seeded.ts'
import { weightsOf } from './weights.ts'

const whats = ['run', 'tuning', 'export'] as const
type What = (typeof whats)[number]

/** What came of it. */
export interface CameOf {
  what: What
  trouble: Trouble | null // null: nothing happened to it
  said: ErrorRecord[]
  isDone: boolean // before there was room again
  lost: string[] // what was told and is gone, or is there and must not be
  result: string // SHA-256 of the bits, in the end
}

const [folder = '', controlFile = '', models = '', count = '0', seed = '0'] = process.argv.slice(2)
const disk = mountDisk(folder, 32 * 2 ** 20, controlFile)
const chance = seeded(Number(seed))
const home = join(folder, 'home')
process.env['BASIL_HOME'] = home
const config = toyConfig({ iterations: 1, epochs: 4 })
const never = 2 ** 30

const open = (): Promise<Workbench> =>
  openWorkbench({ home, engine: (environment) => forkEngine(toyEntry, environment), resources: models, write: true })

type Trying = <T>(work: () => Promise<T>) => Promise<T | null>
type Act = (trying: Trying, lost: string[]) => Promise<{ isDone: boolean; goOn(): Promise<unknown> }>

const acts: Record<What, Act> = {
  run: async (trying, lost) => {
    const told: { stage: number; epoch: number; coefficients: number[][] }[] = []
    const workbench = await trying(open)
    const follow = async (on: Workbench, run: RunId): Promise<void> => {
      for await (const event of on.runs.watch(run)) {
        if (event.type === 'epoch') told.push(event)
        if (event.type === 'ended' && event.error) throw new BasilError(event.error)
      }
    }
    let run = workbench && (await trying(() => workbench.runs.start(config)))
    if (workbench && run) await trying(() => follow(workbench as Workbench, run as RunId))
    const isDone = workbench !== null && run !== null && workbench.runs.show(run).state === 'done'
    return {
      isDone,
      goOn: async () => {
        const on = workbench ?? (await open())
        run ??= await on.runs.start(config)
        // one that could not begin does when there is room
        if (!['done', 'running', 'waiting'].includes(on.runs.show(run).state)) await on.runs.resume(run)
        await follow(on, run)
        const bits = bitsOf(on, run)
        for (const { stage, epoch, coefficients } of told)
          if (JSON.stringify(on.runs.coefficients(run, stage, epoch)) !== JSON.stringify(coefficients))
            lost.push(`epoch ${stage}.${epoch}`)
        await on.close()
        return bits
      },
    }
  },
  tuning: async (trying, lost) => {
    const config = toyTuning(models)
    const workbench = await trying(open)
    const follow = async (on: Workbench, tuning: number): Promise<void> => {
      for await (const event of on.tunings.watch(tuning))
        if (event.type === 'ended' && event.error) throw new BasilError(event.error)
    }
    let tuning = workbench && (await trying(() => workbench.tunings.start(config)))
    if (workbench && tuning) await trying(() => follow(workbench as Workbench, tuning as number))
    const isDone = workbench !== null && tuning !== null && workbench.tunings.show(tuning).state === 'done'
    const place = join(home, 'models')
    // one that the disk took last is whole, and its fine-tuning ends with it when there is room
    const there = !isDone && existsSync(place) ? readdirSync(place).filter((name) => !name.startsWith('.')) : []
    for (const name of there) await weightsOf(join(place, name)).catch(() => lost.push(`half of ${name}`))
    return {
      isDone,
      goOn: async () => {
        const on = workbench ?? (await open())
        tuning ??= await on.tunings.start(config)
        if (!['done', 'running', 'waiting'].includes(on.tunings.show(tuning).state)) await on.tunings.resume(tuning)
        await follow(on, tuning)
        const detail = on.tunings.show(tuning)
        await on.close()
        return { bits: bitsOfTuning(detail), weights: await weightsOf(detail.model ?? '') }
      },
    }
  },
  export: async (trying, lost) => {
    const [out, old] = [join(home, 'out.safetensors'), join(models, 'old.safetensors')]
    const had = existsSync(out)
    const recipe = await halfwayOf(join(models, 'pretrained.safetensors'), join(models, 'finetuned.safetensors'))
    const write = () => rebuild({ recipe, out, overwrite: had, form: formSchema.parse({}) })
    const isDone = (await trying(write)) !== null
    const isAsBefore = had ? readFileSync(out).equals(readFileSync(old)) : !existsSync(out)
    if (!isDone && !isAsBefore) await weightsOf(out).catch(() => lost.push('the target is half of a model'))
    return {
      isDone,
      goOn: async () => {
        if (!isDone) await rebuild({ recipe, out, overwrite: true, form: formSchema.parse({}) })
        const others = readdirSync(home).filter((name) => !/^(out\.safetensors|cache)$|\.json$/.test(name))
        lost.push(...others) // what was begun and is left
        return weightsOf(out)
      },
    }
  },
}

async function tried(what: What, trouble: Trouble): Promise<CameOf & { used: number; made: number }> {
  mkdirSync(home, { recursive: true })
  if (what === 'export' && chance() < 0.5) copyFileSync(join(models, 'old.safetensors'), join(home, 'out.safetensors'))
  const [said, lost]: [ErrorRecord[], string[]] = [[], []]
  const before = disk.used()
  disk.begin(trouble)
  const { isDone, goOn } = await acts[what](
    (work) =>
      work().catch((error) => {
        said.push(recordOf(error))
        return null
      }),
    lost,
  )
  const [used, { made }] = [disk.used() - before, disk.writes()]
  disk.end()
  const result = createHash('sha256')
    .update(JSON.stringify(await goOn()))
    .digest('hex')
  if (what !== 'export') {
    const history = await readHistory(home)
    checkIntegrity(history.db)
    history.close()
  }
  rmSync(home, { recursive: true })
  return { what, trouble, said, isDone, lost, result, used, made }
}

/** Space swept from nothing to enough, and the n-th write, over all that there are. */
function troublesOf(times: number, { used, made }: { used: number; made: number }): Trouble[] {
  const codes = ['ENOSPC', 'EIO', 'EROFS'] as const
  return Array.from({ length: times }, (_, i): Trouble => {
    if (i === 0) return { readOnly: true }
    if (i % 2 === 1) return { free: Math.floor((used * i) / times) }
    const code = codes[(i / 2) % codes.length] ?? 'EIO'
    return { write: Math.floor(made * ((i + chance()) / (times + 1))), code, forGood: chance() < 0.5 }
  })
}

for (const [what, share] of [
  ['run', 0.5],
  ['tuning', 0.2],
  ['export', 0.3],
] as const) {
  const whole = await tried(what, { write: never, code: 'EIO', forGood: false })
  const say = (came: CameOf): void => void writeSync(1, `${JSON.stringify(came)}\n`)
  say({ ...whole, trouble: null })
  for (const trouble of troublesOf(Math.round(share * Number(count)), whole)) say(await tried(what, trouble))
}
