// The promise R6: on a disk that is full, read-only or failing (a small one of the test's own) a run, a fine-tuning and
// an export say so by its name, leave nothing half done in sight, and end with the same bits when there is room again.
// Space is swept from nothing to enough; errors come with the n-th write, made below everything by failing-writes.c.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { expect, onTestFinished, test } from 'vitest'

import { started } from '../bundles.ts'
import { temporaryFolder } from '../workbench/toy.ts'
import { emptyControl } from './full-disk.ts'
import type { CameOf } from './full-main.ts'
import { countOf, seedOf, tell } from './promises.ts'

const own = ['-m', 'sh', '-c'] // a place to mount for this process and its children alone
const mayMount = spawnSync('unshare', [...own, 'mount -t tmpfs basil /mnt']).status === 0
const compiler = spawnSync('cc', ['--version']).status === 0
const isHere = mayMount && compiler
if (!isHere) console.error(`\n*** Full disks are SKIPPED: ${mayMount ? 'no C compiler' : 'only root may mount'}. ***\n`)

const wanted = countOf('R6')
const seed = seedOf(606)

function prepared(): { folder: string; control: string; models: string; library: string } {
  const here = temporaryFolder()
  const [folder, control, models, library] = ['disk', 'control', 'models', 'failing.so'].map((name) =>
    join(here, name),
  ) as [string, string, string, string]
  for (const made of [folder, models]) mkdirSync(made)
  const sample = join(import.meta.dirname, '../../resources/sample')
  for (const name of ['pretrained.safetensors', 'open_clip_config.json', 'tasks.safetensors'])
    copyFileSync(join(sample, name), join(models, name))
  copyFileSync(join(sample, 'finetuned-mnist.safetensors'), join(models, 'finetuned.safetensors'))
  copyFileSync(join(sample, 'finetuned-emoji.safetensors'), join(models, 'old.safetensors'))
  copyFileSync(join(sample, '../model-card.md'), join(models, 'model-card.md'))
  writeFileSync(control, emptyControl())
  const source = join(import.meta.dirname, 'failing-writes.c')
  execFileSync('cc', ['-shared', '-fPIC', '-O1', source, '-o', library, '-ldl'])
  return { folder, control, models, library }
}

/**
 * Whether what was said fits what was wrong, and names the disk. Of a sync that failed once SQLite keeps no cause; room
 * is then among what to look at.
 */
function isNamed({ trouble, said }: CameOf, folder: string): boolean {
  const isFull = trouble && ('free' in trouble || ('code' in trouble && trouble.code === 'ENOSPC'))
  return said.every(({ code, what, where, why, next }) =>
    isFull && !(why.endsWith('(SQLITE_IOERR_FSYNC)') && /the room on it/.test(next))
      ? code === 'disk-full' && what === 'The disk is full' && where.startsWith(folder) && /free some space/.test(next)
      : code === 'target-unwritable' && where.startsWith(folder),
  )
}

test.runIf(isHere)(
  'a disk that takes no more: told by name, nothing half done is seen, and the same bits after',
  async () => {
    const began = performance.now()
    const { folder, control, models, library } = prepared()
    const main = started('test/faults/full-main.ts')
    const preloaded = 'exec env LD_PRELOAD="$0" "$@"' // into Node and what it starts, no sooner
    const args = [
      ...own,
      preloaded,
      library,
      process.execPath,
      main,
      folder,
      control,
      models,
      String(wanted),
      String(seed),
    ]
    const env = { ...process.env, FAILING_FOLDER: folder, FAILING_CONTROL: control }
    const child = spawn('unshare', args, { stdio: ['ignore', 'pipe', 'inherit'], env })
    onTestFinished(() => void child.kill('SIGKILL'))
    const whole = new Map<string, string>()
    const seen = { count: 0, told: 0, lost: 0, differ: 0 }
    for await (const line of createInterface({ input: child.stdout })) {
      const came = JSON.parse(line) as CameOf
      const { what, trouble, said, isDone, lost, result } = came
      if (trouble === null) {
        whole.set(what, result)
        expect([what, said, lost, isDone]).toEqual([what, [], [], true])
        continue
      }
      seen.count++
      if (said.length > 0) seen.told++
      const isSilent = !isDone && said.length === 0
      const isLost = lost.length > 0 || isSilent || !isNamed(came, folder)
      const isOther = result !== whole.get(what)
      if (isLost || isOther) console.log(JSON.stringify({ what, trouble, said, isDone, lost, isOther }))
      if (isLost) seen.lost++
      if (isOther) seen.differ++
    }
    const { count, told, lost, differ } = seen
    tell('R6', began, { count, lost, differ, seed, besides: `${told} times the disk was told of` })
    expect({ count, lost, differ }).toEqual({ count: wanted, lost: 0, differ: 0 })
    expect(told).toBeGreaterThan(wanted / 2)
  },
)
