// The states of a fine-tuning on disk: tunings/N of the data folder, one safetensors file a state, last-K and best-K.
// A state takes its name when all of it is on the disk (write-atomic.ts); only then do older ones go, so that there are
// at most two of "last" and one of "best", and the one before the newest still serves where that is damaged. Each says
// its own CRC-32 at the start of its header, taken over the whole file with zeros in that place.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'

import { parseJson } from '../contract/json.ts'
import { openTensorFile } from '../engine/formats/open.ts'
import { safetensorsHead, writeSafetensors } from '../engine/formats/safetensors-writer.ts'
import type { KeptState, StateKind, StateToKeep, TuningStates } from '../engine/formats/tuning-states.ts'
import { removeLeftovers } from './leftovers.ts'
import { makeFolder } from './made-folder.ts'
import { openSource } from './source.ts'
import { type Disk, onDisk, disk as realDisk, writeAtomic } from './write-atomic.ts'

const form = /^(last|best)-(\d{1,9})\.safetensors$/
const most: Record<StateKind, number> = { last: 2, best: 1 }
const unknown = '0'.repeat(8)
const atATime = 2 ** 22 // bytes that are read of a state
const place = 8 + '{"__metadata__":{"crc32":"'.length // of the checksum, in bytes

/** To be opened by one process at a time. What an earlier one had begun to write is removed. */
export async function tuningStates(folder: string, disk: Disk = realDisk): Promise<TuningStates> {
  await onDisk(folder, async () => makeFolder(folder))
  await removeLeftovers(folder, Number.POSITIVE_INFINITY) // of processes that have ended, however new
  const damaged = new Map<string, string>() // file to sentence

  async function keep(kind: StateKind, state: StateToKeep): Promise<number> {
    const before = await statesIn(folder, kind)
    const name = `${kind}-${(before[0]?.number ?? 0) + 1}.safetensors`
    const bytes = await writeState(join(folder, name), state, disk)
    const sound = before.filter((one) => !damaged.has(one.name))
    const going = [...sound.slice(most[kind] - 1), ...before.filter((one) => damaged.has(one.name))]
    for (const old of going) await disk.unlink(join(folder, old.name)).catch(() => undefined)
    return bytes
  }

  async function open(kind: StateKind): Promise<KeptState | null> {
    for (const { name } of await statesIn(folder, kind)) {
      const found = await openState(join(folder, name))
      if (typeof found !== 'string') return found
      damaged.set(name, `The state ${name} is damaged (${found}); the one before it counts.`)
    }
    return null
  }

  return { keep, open, damaged: () => [...damaged.values()] }
}

/** Newest first. */
async function statesIn(folder: string, kind: StateKind): Promise<{ name: string; number: number }[]> {
  const names = await readdir(folder).catch(() => [])
  return names
    .flatMap((name) => {
      const [, own, number] = form.exec(name) ?? []
      return own === kind ? [{ name, number: Number(number) }] : []
    })
    .sort((a, b) => b.number - a.number)
}

/** Gives how many bytes it takes. */
async function writeState(file: string, { record, tensors, bytes }: StateToKeep, disk: Disk): Promise<number> {
  const said = (checksum: string) => ({ crc32: checksum, record: JSON.stringify(record) })
  let [checksum, count] = [0, 0]
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of writeSafetensors(tensors, said(unknown), bytes)) {
      checksum = crc32(chunk, checksum)
      count += chunk.length
      yield chunk
    }
  }
  const beginning = async (): Promise<Uint8Array> => safetensorsHead(tensors, said(hex(checksum)))
  await writeAtomic(file, counted(), { overwrite: false, beginning, disk })
  return count
}

const hex = (checksum: number): string => checksum.toString(16).padStart(8, '0')

/** Why it is not sound, where it is not. */
async function openState(path: string): Promise<KeptState | string> {
  try {
    const why = await damageOf(path)
    if (why !== null) return why
    const source = await openSource(path)
    try {
      const file = await openTensorFile(source)
      return { record: parseJson(file.metadata.record ?? ''), file, close: () => source.close() }
    } catch (error) {
      await source.close()
      throw error
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

async function damageOf(path: string): Promise<string | null> {
  const zeros = Buffer.from(unknown)
  let [checksum, told] = [0, '']
  const source = await openSource(path)
  const buffer = Buffer.alloc(Math.min(atATime, source.size))
  try {
    for (let at = 0; at < source.size; at += atATime) {
      const own = buffer.subarray(0, Math.min(atATime, source.size - at))
      await source.read(at, own.length, own)
      const [from, to] = [Math.max(0, place - at), Math.min(own.length, place + zeros.length - at)]
      if (from < to) {
        told += own.subarray(from, to).toString('latin1')
        zeros.copy(own, from, at + from - place, at + to - place)
      }
      checksum = crc32(own, checksum)
    }
  } finally {
    await source.close()
  }
  return told === hex(checksum) ? null : 'its checksum does not fit what it holds'
}
