// A file for what is known before its place is: bytes are put behind each other and read again, and the file goes with
// the folder it lies in.
import { open } from 'node:fs/promises'

import type { Region } from '../engine/formats/source.ts'
import { onDisk } from './write-atomic.ts'

interface Scratch extends Pick<Region, 'read'> {
  /** Gives where they begin. */
  put(bytes: Uint8Array): Promise<number>
  close(): Promise<void>
}

export async function openScratch(path: string): Promise<Scratch> {
  const handle = await onDisk(path, () => open(path, 'wx+'))
  let end = 0
  return {
    put: async (bytes) => {
      const first = end
      for (let done = 0; done < bytes.length; )
        done += await onDisk(
          path,
          async () => (await handle.write(bytes, done, bytes.length - done, end + done)).bytesWritten,
        )
      end += bytes.length
      return first
    },
    read: async (offset, length, into) => {
      const out = into?.subarray(0, length) ?? new Uint8Array(length)
      for (let done = 0; done < length; ) {
        const { bytesRead } = await handle.read(out, done, length - done, offset + done)
        if (bytesRead === 0) throw new Error(`${path} ends at ${offset + done}`)
        done += bytesRead
      }
      return out
    },
    close: () => handle.close(),
  }
}
