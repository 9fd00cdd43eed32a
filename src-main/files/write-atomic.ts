// The one way a file of ours reaches the disk: temporary file beside the target, fsync, rename, fsync of the folder.
// A reader sees the old file or the whole new one, never a part; after a failure the temporary file is gone and the old
// file is as it was. The disk is an argument, so that tests can make its n-th operation fail.
import { access, type FileHandle, link, open, readdir, rename, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

import { BasilError, type ErrorRecord } from '../contract/errors.ts'
import { removeLeftovers, temporaryName } from './leftovers.ts'

export interface OpenFile {
  /** Behind what was written, or at a position. Gives the bytes taken, which may be fewer than given. */
  write(bytes: Uint8Array, position?: number): Promise<number>
  sync(): Promise<void>
  close(): Promise<void>
}

/** What writing needs of a disk. */
export interface Disk {
  access(path: string): Promise<void>
  create(path: string): Promise<OpenFile> // fails when the path is taken
  rename(from: string, to: string): Promise<void>
  link(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  syncFolder(path: string): Promise<void>
}

export const disk: Disk = {
  access,
  create: async (path) => openFile(await open(path, 'wx')),
  rename,
  link,
  unlink,
  syncFolder: async (path) => {
    if (process.platform === 'win32') return // folders cannot be synced there
    const folder = await open(path, 'r')
    await folder.sync().finally(() => folder.close())
  },
}

export interface WriteOptions {
  overwrite: boolean
  /**
   * Looks at the written file (by its temporary name) before it takes the target's name; what it throws, refuses it.
   */
  verify?: (written: string) => Promise<void>
  /** What takes the place of the first bytes once all others are there, and is only then known. */
  beginning?: (() => Promise<Uint8Array>) | undefined
  disk?: Disk
}

/**
 * Writes all chunks to target. Throws target-exists, target-unwritable or disk-full, and what the chunks or verify
 * throw.
 */
export async function writeAtomic(
  target: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: WriteOptions,
): Promise<void> {
  const on = options.disk ?? disk
  const path = resolve(target)
  const temporary = join(dirname(path), temporaryName())
  await requireFree(path, options)
  await removeLeftovers(dirname(path))
  let created = false
  try {
    const file = await onDisk(path, () => on.create(temporary))
    created = true
    await fill(file, chunks, path, options.beginning)
    await options.verify?.(temporary)
    await onDisk(path, () => (options.overwrite ? on.rename(temporary, path) : publish(temporary, path, on)))
    created = false
    await onDisk(path, () => on.syncFolder(dirname(path)))
  } catch (error) {
    if (created) await on.unlink(temporary).catch(() => undefined)
    throw error
  }
}

/** Throws target-exists where a file would be replaced that must not be: to be asked before long work for a target. */
export async function requireFree(target: string, { overwrite, disk: on = disk }: WriteOptions): Promise<void> {
  if (!overwrite && (await exists(target, on))) throw targetExists(resolve(target))
}

/** An empty folder may be there. Throws target-exists. */
export async function requireNothing(out: string): Promise<void> {
  const there = await readdir(out).then(
    (names) => names.length > 0,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  )
  if (there) throw folderExists(resolve(out))
}

async function fill(
  file: OpenFile,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  path: string,
  beginning?: () => Promise<Uint8Array>,
): Promise<void> {
  try {
    for await (const chunk of chunks)
      for (let done = 0; done < chunk.length; ) done += await onDisk(path, () => file.write(chunk.subarray(done)))
    const first = (await beginning?.()) ?? new Uint8Array()
    for (let done = 0; done < first.length; ) done += await onDisk(path, () => file.write(first.subarray(done), done))
    await onDisk(path, () => file.sync())
  } catch (error) {
    await file.close().catch(() => undefined)
    throw error
  }
  await onDisk(path, () => file.close())
}

/** A rename would replace a file that came meanwhile; a link does not. Some disks (exFAT) have no links. */
async function publish(temporary: string, path: string, on: Disk): Promise<void> {
  try {
    await on.link(temporary, path)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw targetExists(path)
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(codeOf(error))) throw error
    if (await exists(path, on)) throw targetExists(path)
    await on.rename(temporary, path)
    return
  }
  // the target is whole; a second name is only untidy
  await on.unlink(temporary).catch(() => on.unlink(temporary).catch(() => undefined))
}

export async function exists(path: string, on: Disk = disk): Promise<boolean> {
  return on.access(path).then(
    () => true,
    () => false,
  )
}

export async function onDisk<T>(path: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation()
  } catch (error) {
    throw error instanceof BasilError ? error : new BasilError(refusal(path, error), { cause: error })
  }
}

function refusal(path: string, error: unknown): ErrorRecord {
  const why = error instanceof Error ? error.message : String(error)
  if (['ENOSPC', 'EDQUOT'].includes(codeOf(error)))
    return {
      code: 'disk-full',
      what: 'The disk is full',
      where: path,
      why,
      next: 'free some space or choose another folder, then try again',
    }
  return {
    code: 'target-unwritable',
    what: 'The file cannot be written',
    where: path,
    why,
    next: 'choose a folder that exists and that you may write to',
  }
}

export function targetExists(path: string): BasilError {
  return new BasilError({
    code: 'target-exists',
    what: 'The file is already there',
    where: path,
    why: 'nothing is overwritten unless you ask for it',
    next: 'choose another name, or allow overwriting',
  })
}

function folderExists(path: string): BasilError {
  return new BasilError({
    code: 'target-exists',
    what: 'Something is already there',
    where: path,
    why: 'a folder is written only where nothing lies, whatever is asked for',
    next: 'choose another name, or move it away',
  })
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

function openFile(handle: FileHandle): OpenFile {
  return {
    write: async (bytes, position) => (await handle.write(bytes, 0, bytes.length, position ?? null)).bytesWritten,
    sync: () => handle.sync(),
    close: () => handle.close(),
  }
}
