// Threads that decode and transform images while the engine computes: as many as there are cores, started with the
// first image, each given the next image while it works on one. What an image's bytes do to a thread stays with that
// image.
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'

import type { Draw } from '../../engine/datasets/pixels/transform.ts'
import type { EncodedImage, PixelImage } from '../../engine/datasets/raw.ts'
import type { Done, Job } from './thread.ts'

const ahead = 2 // images a thread has at a time: the one it works on, and the next
const entry = import.meta.filename.endsWith('.ts') ? 'thread.ts' : 'images.js' // from source, and bundled

export interface Prepared {
  pixels: Uint8Array // (channels, size, size), 1 or 3 channels
  fingerprint: Uint8Array
}

export interface ImagePool {
  readonly threads: number
  /** draw: for training; null: as for evaluation. Throws an Error that says what is wrong with the image. */
  prepare(image: EncodedImage | PixelImage, size: number, draw: Draw | null): Promise<Prepared>
  close(): Promise<void>
}

interface Waiting {
  job: Job
  resolve(prepared: Prepared): void
  reject(error: Error): void
}

interface Thread {
  worker: Worker
  has: Map<number, Waiting>
}

export function imagePool(threads = availableParallelism()): ImagePool {
  const running: Thread[] = []
  const queue: Waiting[] = []
  let next = 0

  const start = (): Thread => {
    const worker = new Worker(new URL(entry, import.meta.url), { execArgv: [], name: 'images' })
    const thread: Thread = { worker, has: new Map() }
    const lost = (error: Error): void => {
      const at = running.indexOf(thread)
      if (at >= 0) running.splice(at, 1)
      for (const waiting of thread.has.values()) waiting.reject(error)
      thread.has.clear()
      give()
    }
    worker.on('message', (done: Done) => {
      const waiting = thread.has.get(done.id)
      thread.has.delete(done.id)
      if (thread.has.size === 0) worker.unref() // an idle thread holds no program open
      if ('reason' in done) waiting?.reject(new Error(done.reason))
      else waiting?.resolve(done)
      give()
    })
    worker.on('error', (error) => lost(error instanceof Error ? error : new Error(String(error))))
    worker.on('exit', () => lost(new Error('the thread that prepared it ended')))
    worker.unref()
    running.push(thread)
    return thread
  }

  const give = (): void => {
    while (queue.length > 0) {
      const idlest = running.toSorted((a, b) => a.has.size - b.has.size)[0]
      const thread = (!idlest || idlest.has.size > 0) && running.length < threads ? start() : (idlest as Thread)
      if (thread.has.size >= ahead) return
      const waiting = queue.shift() as Waiting
      thread.has.set(waiting.job.id, waiting)
      thread.worker.ref()
      thread.worker.postMessage(waiting.job)
    }
  }

  return {
    threads,
    prepare: (image, size, draw) =>
      new Promise((resolve, reject) => {
        queue.push({ job: { id: next++, image, size, draw }, resolve, reject })
        give()
      }),
    close: async () => {
      const ended = new Error('images are no longer prepared')
      for (const waiting of queue.splice(0)) waiting.reject(ended)
      await Promise.all(running.slice().map(({ worker }) => worker.terminate()))
    },
  }
}
