import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import type { StateKind, TuningStates } from '../../src-main/engine/formats/tuning-states.ts'
import {
  removeTuningStates,
  tuningFolder,
  tuningStates,
  tuningsWithStates,
} from '../../src-main/files/tuning-states.ts'
import { failing } from './failing-disk.ts'

const tensors = [
  { name: 'weights', dtype: 'F32', shape: [2, 3] },
  { name: 'moments', dtype: 'F32', shape: [6] },
] as const

function home(): string {
  const made = mkdtempSync(join(tmpdir(), 'basil-tuning-states-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

const numbers = (steps: number): Float32Array => Float32Array.from({ length: 6 }, (_, i) => steps + i / 7)

/** Of so many steps; every tensor's bytes lie in one buffer, which is used again. */
function keep(states: TuningStates, kind: StateKind, steps: number): Promise<number> {
  const buffer = new Float32Array(6)
  const bytes = async (name: string): Promise<Uint8Array> => {
    buffer.set(numbers(name === 'weights' ? steps : -steps))
    return new Uint8Array(buffer.buffer)
  }
  return states.keep(kind, { record: { steps, note: 'a "state"' }, tensors, bytes })
}

async function stepsOf(states: TuningStates, kind: StateKind): Promise<number | null> {
  const kept = await states.open(kind)
  if (!kept) return null
  const { steps } = kept.record as { steps: number }
  const read = await kept.file.read('moments')
  expect(new Float32Array(read.buffer.slice(read.byteOffset, read.byteOffset + 24))).toEqual(numbers(-steps))
  expect([...kept.file.tensors.keys()]).toEqual(['weights', 'moments'])
  await kept.close()
  return steps
}

/** One byte is another. */
function damage(file: string, at: number): void {
  const bytes = readFileSync(file)
  const from = at < 0 ? bytes.length + at : at
  bytes[from] = (bytes[from] ?? 0) ^ 1
  writeFileSync(file, bytes)
}

test('the newest state is opened, bit for bit; at most two of "last" and one of "best" are kept', async () => {
  const folder = tuningFolder(3, home())
  const states = await tuningStates(folder)
  expect(await states.open('last')).toBeNull()
  for (const steps of [10, 20, 30, 40]) {
    const bytes = await keep(states, 'last', steps)
    expect(bytes).toBeGreaterThan(48)
    expect(await stepsOf(states, 'last')).toBe(steps)
    if (steps < 40) await keep(states, 'best', steps)
  }
  expect(await stepsOf(states, 'best')).toBe(30)
  expect(readdirSync(folder).sort()).toEqual(['best-3.safetensors', 'last-3.safetensors', 'last-4.safetensors'])
  expect(states.damaged()).toEqual([])
  const later = await tuningStates(folder)
  expect(await stepsOf(later, 'last')).toBe(40)
})

test.for([
  ['in a tensor', -5],
  ['in its own checksum', 8 + '{"__metadata__":{"crc32":"'.length + 2],
  ['in what it says of itself', 60],
  ['in the length of its header', 0],
] as const)('of a state that is damaged %s the one before it counts, and it is told', async ([, at]) => {
  const folder = tuningFolder(3, home())
  const states = await tuningStates(folder)
  for (const steps of [10, 20]) await keep(states, 'last', steps)
  damage(join(folder, 'last-2.safetensors'), at)
  expect(await stepsOf(states, 'last')).toBe(10)
  expect(states.damaged()).toEqual([expect.stringContaining('The state last-2.safetensors is damaged')])
  await keep(states, 'last', 30)
  expect(readdirSync(folder).sort()).toEqual(['last-1.safetensors', 'last-3.safetensors']) // the damaged one has gone
  expect(await stepsOf(states, 'last')).toBe(30)
})

test('a state cut short is none, and where all are damaged there is none', async () => {
  const folder = tuningFolder(3, home())
  const states = await tuningStates(folder)
  await keep(states, 'last', 10)
  const file = join(folder, 'last-1.safetensors')
  writeFileSync(file, readFileSync(file).subarray(0, 100))
  expect(await states.open('last')).toBeNull()
  writeFileSync(file, '')
  expect(await states.open('last')).toBeNull()
})

test.for(['ENOSPC', 'EIO'])(
  'a disk that fails at any moment (%s) is told, and leaves the states that were there',
  async (code) => {
    const folder = tuningFolder(3, home())
    const before = await tuningStates(folder)
    for (const steps of [10, 20]) await keep(before, 'last', steps)
    for (let n = 0; ; n++) {
      const { disk, hit } = failing(n, code, 'for good', 64)
      const states = await tuningStates(folder, disk)
      const outcome = await keep(states, 'last', 30).then(
        () => 'kept',
        (error: { record?: { code: string } }) => error.record?.code,
      )
      if (!hit()) break // written without meeting the fault
      const steps = await stepsOf(await tuningStates(folder), 'last')
      if (outcome === 'kept') expect(steps).toBe(30)
      else {
        expect(outcome).toBe(code === 'ENOSPC' ? 'disk-full' : 'target-unwritable')
        expect([20, 30]).toContain(steps)
      }
      if (steps === 30) {
        rmSync(folder, { recursive: true })
        const anew = await tuningStates(folder)
        for (const steps of [10, 20]) await keep(anew, 'last', steps)
      } else expect(readdirSync(folder).filter((name) => name.startsWith('last')).length).toBe(2)
    }
    expect(await stepsOf(await tuningStates(folder), 'last')).toBe(30)
  },
)

test('what a process that was killed had begun to write is gone at the next opening', async () => {
  const folder = tuningFolder(3, home())
  await keep(await tuningStates(folder), 'last', 10)
  const left = join(folder, `.basil-4194303-${'0'.repeat(16)}.tmp`) // above the largest number of a process
  const own = join(folder, `.basil-${process.pid}-${'0'.repeat(16)}.tmp`)
  for (const file of [left, own]) writeFileSync(file, 'half a state')
  const states = await tuningStates(folder)
  expect([existsSync(left), existsSync(own)]).toEqual([false, true])
  expect(await stepsOf(states, 'last')).toBe(10)
})

test('folders of states are found by their number, and removed whole', async () => {
  const at = home()
  for (const tuning of [2, 11]) await keep(await tuningStates(tuningFolder(tuning, at)), 'last', 1)
  writeFileSync(join(at, 'tunings', 'notes'), '')
  expect((await tuningsWithStates(at)).sort()).toEqual([11, 2])
  await removeTuningStates(2, at)
  expect(await tuningsWithStates(at)).toEqual([11])
  await removeTuningStates(2, at)
})
