// The one door to a file that is not the program's own: opened without waiting, and only then asked what it is. A named
// pipe holds up whoever opens it until somebody writes (four of them all of libuv's threads), a device has no end, and
// what a look finds at a path may be something else by the time it is opened; so the opened file itself is asked.
// test/house sees to it that nothing else opens files.
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'

import { BasilError } from '../contract/errors.ts'

const unwaiting = (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0) // Windows has neither

export interface Opened {
  handle: FileHandle // the caller's to close
  info: Stats
}

/**
 * Throws file-missing, or file-unreadable where it cannot be opened or is no regular file. flags: of open(2), for
 * reading if not given.
 */
export async function openRegular(path: string, flags: number = constants.O_RDONLY, mode?: number): Promise<Opened> {
  const handle = await open(path, flags | unwaiting, mode).catch(async (error: unknown) => {
    throw refusal(path, error, await stat(path).catch(() => null))
  })
  try {
    const info = await handle.stat()
    if (!info.isFile()) throw notAFile(path, info)
    return { handle, info }
  } catch (error) {
    await handle.close()
    throw error
  }
}

export interface Start {
  bytes: Buffer
  isWhole: boolean // there is no more
}

/** The first `most` bytes, or all where it has fewer. Throws what openRegular throws. */
export async function readStart(path: string, most: number): Promise<Start> {
  const { handle } = await openRegular(path)
  try {
    const bytes = Buffer.alloc(most + 1)
    let length = 0
    for (let read = -1; read !== 0 && length <= most; length += read)
      read = (await handle.read(bytes, length, bytes.length - length, null)).bytesRead
    return startOf(bytes, length, most)
  } catch (error) {
    throw refusal(path, error)
  } finally {
    await handle.close()
  }
}

/** As readStart, for the few places that cannot wait. */
export function readStartSync(path: string, most: number): Start {
  let file: number | undefined
  try {
    file = openSync(path, constants.O_RDONLY | unwaiting)
    const info = fstatSync(file)
    if (!info.isFile()) throw notAFile(path, info)
    const bytes = Buffer.alloc(most + 1)
    let length = 0
    for (let read = -1; read !== 0 && length <= most; length += read)
      read = readSync(file, bytes, length, bytes.length - length, null)
    return startOf(bytes, length, most)
  } catch (error) {
    throw refusal(path, error)
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

function startOf(bytes: Buffer, length: number, most: number): Start {
  return { bytes: bytes.subarray(0, Math.min(length, most)), isWhole: length <= most }
}

/** What is at a path instead of a file, in words. */
export function kindOf(info: Pick<Stats, 'isDirectory' | 'isFIFO' | 'isSocket'>): string {
  if (info.isDirectory()) return 'it is a folder'
  if (info.isFIFO()) return 'it is a named pipe'
  return info.isSocket() ? 'it is a socket' : 'it is a device'
}

function notAFile(path: string, info: Stats): BasilError {
  return new BasilError({
    code: 'file-unreadable',
    what: 'This is not a file',
    where: path,
    why: kindOf(info),
    next: 'name a file',
  })
}

/** found: what a look at the path finds; a socket cannot even be opened. */
function refusal(path: string, error: unknown, found: Stats | null = null): BasilError {
  if (error instanceof BasilError) return error
  if (found && !found.isFile()) return notAFile(path, found)
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  return new BasilError(
    code === 'ENOENT' || code === 'ENOTDIR'
      ? {
          code: 'file-missing',
          what: 'A file is missing',
          where: path,
          why: 'there is no file at this place',
          next: 'check the path, or choose the file again',
        }
      : {
          code: 'file-unreadable',
          what: 'A file cannot be opened',
          where: path,
          why: code,
          next: 'check its permissions and the disk',
        },
    { cause: error },
  )
}
