// Losses of power at any moment: a process is watched while it keeps runs, writes models, migrates, restores and sets a
// damaged history aside; then its disk is put together as a loss of power at a random moment may have left it
// (power/disk-log.ts), and Basil opens that. What was acknowledged before is there with its bits, a file is absent, old
// or whole, and nothing is damaged.
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { runId } from '../../src-main/contract/branded.ts'
import { recordOf } from '../../src-main/contract/errors.ts'
import { indexName } from '../../src-main/contract/file-names.ts'
import { tuningStates } from '../../src-main/files/tuning-states.ts'
import { listBackups, listReplaced } from '../../src-main/history/backups.ts'
import { allTables, damagedRows } from '../../src-main/history/checksums.ts'
import { runDetail } from '../../src-main/history/detail.ts'
import { coefficientsOf } from '../../src-main/history/epochs.ts'
import { setAsideIn } from '../../src-main/history/names.ts'
import { openHistory } from '../../src-main/history/open.ts'
import { resumeOf } from '../../src-main/history/resume.ts'
import { checkIntegrity } from '../../src-main/history/soundness.ts'
import type { History } from '../../src-main/history/statement.ts'
import { golden, rowsOf } from '../history/dump.ts'
import { folder, table } from '../history/rows.ts'
import { entriesIn, marksIn, presentFolder, standing } from './power/disk-log.ts'
import { canPreload, preload, under } from './power/preload.ts'
import type { Scene } from './power/scenes.ts'
import { countOf, seedOf, tell } from './promises.ts'
import { seeded } from './seeded.ts'

const seed = seedOf(20_261_129)
const databases = join(import.meta.dirname, '../databases')
const cut = readFileSync(join(databases, 'history-v12.sqlite')).subarray(0, -1000)

test.runIf(canPreload)(
  'after a loss of power at any moment all that was acknowledged is there, and nothing is damaged or half',
  async () => {
    const began = performance.now()
    const scratch = folder()
    const root = join(scratch, 'root')
    for (const home of ['files', 'migration', 'restored', 'damaged']) mkdirSync(join(root, home), { recursive: true })
    copyFileSync(join(databases, 'history-v7.sqlite'), join(root, 'migration', 'history.sqlite'))
    writeFileSync(join(root, 'damaged', 'history.sqlite'), cut)
    const inodes = new Map()
    const before = presentFolder(root, inodes)
    const [log, control] = [join(scratch, 'log'), join(scratch, 'control')]
    const disk = { BASIL_DISK_ROOT: root, BASIL_DISK_LOG: log, BASIL_DISK_CONTROL: control }
    await under(preload(scratch), 'scenes.ts', [root, control], disk)

    const entries = entriesIn(readFileSync(log))
    const marks = marksIn(entries)
    const begins = marks.flatMap(({ index, text }) => (text.startsWith('scene ') ? [index] : []))
    const chance = seeded(seed)
    const losses = countOf('R5')
    const moments = Array.from({ length: losses }, () => Math.floor(chance() * (entries.length + 1))).sort(
      (a, b) => a - b,
    )
    const onDisk = standing(root, before, inodes, entries)
    const faults: string[] = []
    for (const moment of moments) {
      onDisk.goTo(moment)
      const left = join(scratch, 'left')
      onDisk.left(chance, left)
      const told = marks.filter(({ index }) => index < moment)
      const scene = told.findLast(({ text }) => text.startsWith('scene '))?.text.slice(6) as Scene | undefined
      const from = begins.findLast((index) => index < moment) ?? 0
      const acknowledged = told.filter(({ index }) => index > from).map(({ text }) => text)
      try {
        if (scene) await checks[scene](join(left, scene), acknowledged)
      } catch (error) {
        const { what, where, why } = recordOf(error)
        faults.push(
          `at ${moment} of ${entries.length}, ${scene} after "${acknowledged.at(-1)}": ${what} ${where} ${why}`,
        )
      }
      rmSync(left, { recursive: true })
    }
    const besides = `${entries.length} operations, ${marks.length - begins.length} acknowledgements`
    tell('R5', began, { count: losses, lost: faults.length, differ: 0, seed, besides })
    expect(faults).toEqual([])
    expect(marks.length).toBeGreaterThan(40)
  },
)

type Check = (home: string, acknowledged: string[]) => Promise<void>

function require(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(what)
}

/** Opens it, looks at all there is, and hands it on. */
async function opened(home: string, look: (history: History) => void): Promise<void> {
  const history = await openHistory(home)
  try {
    checkIntegrity(history.db)
    for (const one of allTables) for (const damaged of damagedRows(history.db, one)) require(damaged.length === 0, one)
    look(history)
  } finally {
    history.close()
  }
}

/** Every epoch that was told, bit for bit, none without those before it, and where its run goes on from. */
function requireRuns(history: History, acknowledged: string[]): void {
  // before the first opening was done there may be a file without a byte, which is told
  require(history.notices.length === 0 || acknowledged.length === 0, `a notice: ${history.notices[0]?.what}`)
  for (const [what, ...numbers] of acknowledged.map((text) => text.split(' '))) {
    const [run = 0, stage = 0, epoch = 0] = numbers.map(Number)
    if (what === 'ended') require(runDetail(history, runId(run)).state === 'done', `run ${run} has not ended`)
    if (what !== 'epoch') continue
    const found = coefficientsOf(history, runId(run), stage, epoch)?.flat() ?? []
    const isSame = table(epoch)
      .flat()
      .every((value, i) => Object.is(value, found[i]))
    require(isSame, `run ${run}, stage ${stage}, epoch ${epoch}`)
    const resume = resumeOf(history, runId(run))
    const isBehind = resume === null || resume.stage < stage || (resume.stage === stage && resume.epoch < epoch)
    require(!isBehind, `run ${run} would go on from before epoch ${epoch} of stage ${stage}`)
  }
  for (const run of history.db.prepare('SELECT run FROM runs').pluck().all() as number[])
    for (const { epochs } of [runDetail(history, runId(run))].flatMap(({ start, iterations }) =>
      [start, ...iterations].flatMap((one) => one ?? []),
    ))
      require(epochs.every(({ epoch }, i) => epoch === i), `run ${run} has a hole`)
}

const checks: Record<Scene, Check> = {
  runs: async (folderOf, acknowledged) => {
    const home = join(folderOf, 'home')
    if (acknowledged.length > 0) require(existsSync(home), 'the data folder is gone')
    else mkdirSync(home, { recursive: true })
    await opened(home, (history) => requireRuns(history, acknowledged))
    const backups = listBackups(home).filter(({ kind }) => kind === 'daily')
    if (acknowledged.includes('backup')) require(backups.length === 1, 'the backup is gone')
    for (const { file } of backups) require(rowsOf(file).tables['runs']?.rows.length === 2, 'a backup is not whole')
  },
  files: async (place, acknowledged) => {
    const last = (word: string): number =>
      Number(acknowledged.findLast((text) => text.startsWith(`${word} `))?.split(' ')[1] ?? 0)
    const out = join(place, 'model.safetensors')
    const value = existsSync(out) ? contentOf(out) : 0
    require(value !== null &&
      [last('export'), last('export') + 1].includes(value), `a model of ${value} after ${last('export')}`)
    const sharded = join(place, 'sharded')
    if (acknowledged.includes('sharded')) require(existsSync(sharded), 'the sharded model is gone')
    if (existsSync(sharded)) {
      const { weight_map: shards } = JSON.parse(readFileSync(join(sharded, indexName), 'utf8')) as {
        weight_map: Record<string, string>
      }
      for (const name of Object.values(shards)) require(contentOf(join(sharded, name)) === 1, `shard ${name}`)
    }
    if (last('state') === 0) return
    const states = await tuningStates(join(place, 'states'))
    const state = await states.open('last')
    const { number } = (state?.record ?? { number: 0 }) as { number: number }
    require([last('state'), last('state') + 1].includes(number), `state ${number} after ${last('state')}`)
    require(states.damaged().length === 0, states.damaged()[0] ?? '')
    await state?.close()
  },
  migration: async (home, acknowledged) => {
    const original = rowsOf(join(databases, 'history-v7.sqlite'))
    const isMigrated = rowsOf(join(home, 'history.sqlite')).version > original.version
    const isWhole = ({ file }: { file: string }): boolean =>
      JSON.stringify(golden(rowsOf(file))) === JSON.stringify(golden(original))
    if (isMigrated) require(listBackups(home).some(isWhole), 'migrated without a backup')
    require(listBackups(home).every(isWhole), 'half a backup looks like one')
    await opened(home, (history) => {
      requireRuns(history, acknowledged)
      require(history.db.prepare('SELECT count(*) FROM runs WHERE run <= 2').pluck().get() === 2, 'runs are gone')
    })
  },
  restored: async (home, acknowledged) => {
    const replaced = listReplaced(home)
    await opened(home, (history) => {
      const runs = history.db.prepare('SELECT count(*) FROM runs').pluck().get() as number
      if (acknowledged.includes('restored')) require(runs === 1, `the backup is not in its place: ${runs} runs`)
      if (acknowledged.includes('restored') || (runs === 1 && acknowledged.includes('ended 2'))) {
        require(replaced.length === 1, 'what was replaced is gone')
        require(rowsOf(replaced[0]?.file ?? '').tables['runs']?.rows.length === 2, 'what was replaced is not whole')
      } else requireRuns(history, acknowledged)
    })
  },
  damaged: async (home, acknowledged) => {
    const places = [...setAsideIn(home), join(home, 'history.sqlite')].filter((file) => existsSync(file))
    require(places.some((file) => readFileSync(file).equals(cut)), 'the damaged history is not there as it was')
    const isAside = setAsideIn(home).length > 0
    await opened(home, (history) => {
      if (acknowledged.includes('aside')) requireRuns(history, acknowledged)
      else if (!isAside)
        require(!acknowledged.includes('aside') && history.notices.length === 1, 'it was not set aside')
    })
    require(setAsideIn(home).some((file) => readFileSync(file).equals(cut)), 'it is not set aside as it was')
  },
}

/** The number that all weights of a model of modelOf are; null: the file is not whole. */
function contentOf(file: string): number | null {
  const content = readFileSync(file)
  const header = 8 + Number(content.readBigUInt64LE(0))
  const values = content.subarray(header)
  const value = values.length > 0 ? values.readFloatLE(0) : Number.NaN
  for (let at = 0; at < values.length; at += 4) if (values.readFloatLE(at) !== value) return null
  return JSON.parse(content.toString('utf8', 8, header)) && values.length % 12_000 === 0 ? value : null
}
