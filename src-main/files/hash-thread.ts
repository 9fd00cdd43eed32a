// SHA-256 of files by a thread of its own, while the calling thread computes on the same files: what one of the two has read
// is in the system's cache for the other, so that a disk gives every byte once.
import { Worker } from 'node:worker_threads'

import { hashFile } from './source.ts'

export interface Hashing {
  /** In the order of the paths, in hexadecimal. Throws what hashFile throws. */
  hashes: Promise<string[]>
  stop(): Promise<void>
}

export function hashInThread(paths: readonly string[]): Hashing {
  // From source text, so that a bundled program needs no second file.
  const worker = new Worker(`(${hashAll.toString()})(require)`, { eval: true, workerData: paths, execArgv: [], name: 'hashes' })
  const found = new Promise<string[]>((resolve, reject) => {
    worker.on('message', resolve)
    worker.on('error', reject)
    worker.on('exit', () => reject(new Error('the thread that hashes ended')))
  })
  // Whatever went wrong there is told, with the file's name, by the way that has the words for it.
  const hashes = found.catch(async () => {
    const again: string[] = []
    for (const path of paths) again.push((await hashFile(path)).sha256)
    return again
  })
  hashes.catch(() => undefined) // told to whoever asks
  return { hashes, stop: async () => void (await worker.terminate()) }
}

/** The whole life of the thread. It is sent as text: nothing from outside this function can be named in it. */
function hashAll(require: NodeJS.Require): void {
  const { createHash } = require('node:crypto') as typeof import('node:crypto')
  const { closeSync, openSync, readSync } = require('node:fs') as typeof import('node:fs')
  const { parentPort, workerData } = require('node:worker_threads') as typeof import('node:worker_threads')
  const files = (workerData as string[]).map((path) => ({ file: openSync(path, 'r'), hash: createHash('sha256') }))
  // A piece of every file in turn, as a merge reads them: the two stay together, and what one has read the other finds in
  // the system's cache. A piece fits into the processor's.
  const piece = new Uint8Array(2 ** 18)
  let open = files
  while (open.length > 0)
    open = open.filter(({ file, hash }) => {
      const bytes = readSync(file, piece)
      hash.update(piece.subarray(0, bytes))
      if (bytes === 0) closeSync(file)
      return bytes > 0
    })
  parentPort?.postMessage(files.map(({ hash }) => hash.digest('hex')))
}
