// SHA-256 of files by a thread of its own, while the calling thread computes on the same files: what one of the two has
// read is in the system's cache for the other, so that a disk gives every byte once. Shards are files like any other
// here. What was hashed before and has not changed is not hashed again.

import { Worker } from 'node:worker_threads'

import { type Sha256, sha256 } from '../contract/branded.ts'
import { knownHashes, rememberHashes } from './known-hashes.ts'
import { type Opened, openRegular } from './open.ts'
import { contentOf, hashCheckpoint } from './source.ts'
import { stampOf } from './stamp.ts'

export interface Hashing {
  /** Of the checkpoints in the order of the paths. Throws what hashCheckpoint throws. */
  hashes: Promise<Sha256[]>
  /** Whether none of them had to be computed. */
  areKnown: Promise<boolean>
  stop(): Promise<void>
}

export function hashInThread(paths: readonly string[]): Hashing {
  const started = start(paths)
  // Whatever went wrong there is told, with the file's name, by the way that has the words for it.
  let isStopped = false
  const hashes = started
    .then(({ found }) => found)
    .catch(async (error: unknown) => {
      if (isStopped) throw error
      const again: Sha256[] = []
      for (const path of paths) again.push((await hashCheckpoint(path)).sha256)
      return again
    })
  hashes.catch(() => undefined) // told to whoever asks
  const end = ({ worker }: Awaited<typeof started>): Promise<unknown> => worker?.terminate() ?? Promise.resolve()
  const areKnown = started.then(
    ({ worker }) => worker === null,
    () => false,
  )
  const stop = async (): Promise<void> => {
    isStopped = true
    await started.then(end, () => undefined)
  }
  return { hashes, areKnown, stop }
}

async function start(paths: readonly string[]): Promise<{ worker: Worker | null; found: Promise<Sha256[]> }> {
  const contents = await Promise.all(paths.map(contentOf))
  const files = contents.flatMap((content) => content.files)
  const stamps = new Map<string, string>()
  for (const file of files) stamps.set(file, await stampOf(file))
  const known = await knownHashes(files)
  const unknown = files.filter((_, i) => known[i] === null)
  const thread = unknown.length > 0 ? await threadOf(unknown) : { worker: null, digests: Promise.resolve([]) }
  const found = thread.digests.then(async (digests) => {
    const fresh = new Map(unknown.map((file, i) => [file, digests[i] as Sha256]))
    if (fresh.size > 0) await rememberHashes(fresh, stamps)
    const ofFiles = files.map((file, i) => known[i] ?? (fresh.get(file) as Sha256))
    return contents.map((content) => content.sha256(ofFiles.splice(0, content.files.length)))
  })
  found.catch(() => undefined) // nobody may be waiting yet
  return { worker: thread.worker, found }
}

async function threadOf(paths: readonly string[]): Promise<{ worker: Worker; digests: Promise<Sha256[]> }> {
  const opened = await openAll(paths)
  const files = opened.map(({ handle }) => handle.fd) // a process' files are open to all of its threads
  // From source text, so that a bundled program needs no second file.
  const worker = new Worker(`(${hashAll.toString()})(require)`, {
    eval: true,
    workerData: files,
    execArgv: [],
    name: 'hashes',
  })
  worker.on('exit', () => void closeAll(opened))
  const digests = new Promise<Sha256[]>((resolve, reject) => {
    worker.on('message', (found: string[]) => resolve(found.map(sha256)))
    worker.on('error', reject)
    worker.on('exit', () => reject(new Error('the thread that hashes ended')))
  })
  digests.catch(() => undefined)
  return { worker, digests }
}

async function openAll(paths: readonly string[]): Promise<Opened[]> {
  const opened: Opened[] = []
  try {
    for (const path of paths) opened.push(await openRegular(path))
    return opened
  } catch (error) {
    await closeAll(opened)
    throw error
  }
}

async function closeAll(opened: readonly Opened[]): Promise<void> {
  await Promise.all(opened.map(({ handle }) => handle.close()))
}

/** The whole life of the thread. It is sent as text: nothing from outside this function can be named in it. */
function hashAll(require: NodeJS.Require): void {
  const { createHash } = require('node:crypto') as typeof import('node:crypto')
  const { readSync } = require('node:fs') as typeof import('node:fs')
  const { parentPort, workerData } = require('node:worker_threads') as typeof import('node:worker_threads')
  const files = (workerData as number[]).map((file) => ({ file, hash: createHash('sha256') }))
  // A piece of every file in turn, as a merge reads them: the two stay together, and what one has read the other finds
  // in the system's cache. A piece fits into the processor's.
  const piece = new Uint8Array(2 ** 18)
  let open = files
  while (open.length > 0)
    open = open.filter(({ file, hash }) => {
      const bytes = readSync(file, piece)
      hash.update(piece.subarray(0, bytes))
      return bytes > 0
    })
  parentPort?.postMessage(files.map(({ hash }) => hash.digest('hex')))
}
