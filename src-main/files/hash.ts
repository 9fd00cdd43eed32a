// The content hash of a file on disk.
import { createHash } from 'node:crypto'
import { resolve } from 'node:path'

import { type Bytes, bytes, type Sha256, sha256 } from '../contract/branded.ts'
import { openRegular } from './open.ts'

const chunk = 4 * 2 ** 20 // bytes read at a time

export interface Hashed {
  sha256: Sha256
  bytes: Bytes
}

/** Of the whole content; `also` is given all of it in order. */
export async function hashFile(path: string, also?: (bytes: Uint8Array) => void): Promise<Hashed> {
  const { handle, info } = await openRegular(resolve(path))
  try {
    const hash = createHash('sha256')
    const buffer = new Uint8Array(Math.min(chunk, info.size + 1))
    let count = 0
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, null)
      if (bytesRead === 0) return { sha256: sha256(hash.digest('hex')), bytes: bytes(count) }
      hash.update(buffer.subarray(0, bytesRead))
      also?.(buffer.subarray(0, bytesRead))
      count += bytesRead
    }
  } finally {
    await handle.close()
  }
}
