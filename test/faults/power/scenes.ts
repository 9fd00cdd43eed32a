// What a process does before its power is lost: each scene in a folder of its own, with a mark behind everything that
// is acknowledged to a person.
import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { bytes, type RunId, sha256 } from '../../../src-main/contract/branded.ts'
import { openTensorFile } from '../../../src-main/engine/formats/open.ts'
import type { TensorFile } from '../../../src-main/engine/formats/tensor-file.ts'
import { dataFolder } from '../../../src-main/files/data-folder.ts'
import { tuningStates } from '../../../src-main/files/tuning-states.ts'
import { writeFolder } from '../../../src-main/files/written-folder.ts'
import { writeModel } from '../../../src-main/files/written-model.ts'
import { makeBackup } from '../../../src-main/history/backups.ts'
import { putEpoch } from '../../../src-main/history/epochs.ts'
import { addEntries } from '../../../src-main/history/library/entries.ts'
import { openHistory } from '../../../src-main/history/open.ts'
import { createRun, endRun } from '../../../src-main/history/runs.ts'
import { restore } from '../../../src-main/history/salvage.ts'
import { putStage } from '../../../src-main/history/stages.ts'
import type { History } from '../../../src-main/history/statement.ts'
import { sourceOf, written } from '../../engine/formats/bytes.ts'
import { epoch, now, resumeAt, stage, toyConfig } from '../../history/rows.ts'

type Say = (text: string) => void

/** A run of two stages of three epochs, the log put into the file in its middle. */
function runIn(history: History, name: string, say: Say): RunId {
  const run = createRun(history, toyConfig({ name, iterations: 1 }), now)
  say(`run ${run}`)
  for (const number of [0, 1]) {
    putStage(history, run, stage(number))
    for (const e of [0, 1, 2]) {
      putEpoch(history, run, epoch(number, e), resumeAt(epoch(number, e)), e)
      say(`epoch ${run} ${number} ${e}`)
    }
    if (number === 0) history.db.pragma('wal_checkpoint(PASSIVE)')
  }
  endRun(history, run, 'done', now, null, 12.5)
  say(`ended ${run}`)
  return run
}

async function runs(folder: string, say: Say): Promise<void> {
  const home = dataFolder({ BASIL_HOME: join(folder, 'home') })
  const first = await openHistory(home)
  const digest = sha256('4'.repeat(64))
  const place = { path: '/models/1', target: '/models/1', parts: [], bytes: bytes(1), modified: 1.5, quick: digest }
  addEntries(first, [place], now)
  runIn(first, 'first', say)
  first.close()
  const again = await openHistory(home)
  runIn(again, 'second', say)
  await makeBackup(again, now, () => true)
  say('backup')
  runIn(again, 'third', say)
}

/** Of ones, twos or threes. */
export async function modelOf(value: number): Promise<TensorFile> {
  const content = new Uint8Array(new Float32Array(3000).fill(value).buffer)
  const tensors = ['a', 'b'].map((name) => ({ name, dtype: 'F32' as const, shape: [50, 60], bytes: content }))
  return openTensorFile(sourceOf(await written(tensors)))
}

async function files(folder: string, say: Say): Promise<void> {
  const out = join(folder, 'model.safetensors')
  for (const value of [1, 2, 3]) {
    await writeModel(await modelOf(value), { out, overwrite: value > 1, container: 'safetensors', metadata: {} })
    say(`export ${value}`)
  }
  const whole = { from: null, metadata: async () => ({}), dtype: null, shardBytes: bytes(20_000) }
  await writeFolder(await modelOf(1), { out: join(folder, 'sharded'), ...whole })
  say('sharded')
  const states = await tuningStates(join(folder, 'states'))
  for (let number = 1; number <= 4; number++) {
    const content = Buffer.alloc(4000, number)
    const tensor = { name: 'a', dtype: 'F32' as const, shape: [1000], bytes: 4000 }
    await states.keep('last', { record: { number }, tensors: [tensor], bytes: async () => content })
    say(`state ${number}`)
  }
}

/** There is one of version 7 in it. */
async function migration(home: string, say: Say): Promise<void> {
  const history = await openHistory(home, { now: () => now })
  say('migrated')
  runIn(history, 'after it', say)
  history.close()
}

async function restored(home: string, say: Say): Promise<void> {
  const history = await openHistory(home)
  const quiet = (): void => undefined
  runIn(history, 'first', quiet)
  const backup = (await makeBackup(history, now, () => true)) ?? ''
  runIn(history, 'second', say)
  history.close()
  await restore(home, backup, now)
  say('restored')
}

/** There is one in it that is cut. */
async function damaged(home: string, say: Say): Promise<void> {
  const history = await openHistory(home, { now: () => now })
  say('aside')
  runIn(history, 'after it', say)
}

export const scenes = { runs, files, migration, restored, damaged }
export type Scene = keyof typeof scenes

if (process.argv[1] === import.meta.filename) {
  const [, , root = '', control = ''] = process.argv
  const say: Say = (text) => appendFileSync(control, `mark ${text}`)
  for (const scene of Object.keys(scenes) as Scene[]) {
    say(`scene ${scene}`)
    await scenes[scene](join(root, scene), say)
  }
  process.stdout.write(readFileSync('/proc/self/comm', 'utf8'))
  process.exit(0) // with what is open
}
