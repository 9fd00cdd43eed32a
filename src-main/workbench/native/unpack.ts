// The files of a wheel that an engine needs, out of its zip and into the installation's folder: streamed, because a
// library has hundreds of megabytes, with sizes checked by the reader and the CRC-32 of each file checked here.
import { createWriteStream } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { crc32 } from 'node:zlib'

import { type Entry, openPromise, type ZipFile } from 'yauzl'

import { BasilError } from '../../contract/errors.ts'
import { makeFolder } from '../../files/made-folder.ts'
import { installFailed, throwIfCancelled } from './child.ts'

export interface Unpacked {
  path: string // relative to the installation's folder
  bytes: number
  link?: true // to a library beside it
}

export interface Unpacking {
  folder: string
  placeOf: (name: string) => string | null // relative to the folder; null: not needed
  signal: AbortSignal
  onBytes: (bytes: number) => void // so far, of this wheel
}

/** Writes what is needed of a wheel. Throws install-failed, disk-full, cancelled. */
export async function unpackWheel(wheel: string, { folder, placeOf, signal, onBytes }: Unpacking): Promise<Unpacked[]> {
  const written: Unpacked[] = []
  let zip: ZipFile | undefined
  let done = 0
  try {
    zip = await openPromise(wheel)
    for await (const entry of zip.eachEntry()) {
      const path = placeOf(entry.fileName)
      if (path === null) continue
      const before = done
      await writeEntry(zip, entry, join(folder, path), signal, (bytes) => onBytes(before + bytes))
      done += entry.uncompressedSize
      written.push({ path, bytes: entry.uncompressedSize })
    }
    return written
  } catch (error) {
    throwIfCancelled(signal)
    throw error instanceof BasilError ? error : refused(wheel, error)
  } finally {
    zip?.close()
  }
}

async function writeEntry(
  zip: ZipFile,
  entry: Entry,
  target: string,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
) {
  makeFolder(dirname(target))
  let sum = 0
  let bytes = 0
  const check = new Transform({
    transform(chunk: Buffer, _, give) {
      sum = crc32(chunk, sum)
      bytes += chunk.length
      onBytes(bytes)
      give(null, chunk)
    },
  })
  const mode = dirname(target).endsWith('bin') ? 0o755 : 0o644
  await pipeline(await zip.openReadStreamPromise(entry), check, createWriteStream(target, { mode, flush: true }), {
    signal,
  })
  if (sum !== entry.crc32) throw new Error(`the CRC-32 of ${entry.fileName} is not the one recorded`)
}

function refused(wheel: string, error: unknown): BasilError {
  const why = error instanceof Error ? error.message : String(error)
  if (/ENOSPC|EDQUOT/.test(why))
    return new BasilError({
      code: 'disk-full',
      what: 'The disk is full',
      where: dirname(wheel),
      why,
      next: 'free some space, then install again: what was downloaded whole is kept',
    })
  return installFailed('A wheel cannot be unpacked', basename(wheel), why, 'install again')
}
