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

/** Of the whole content; `also` is given all of it in order. The next piece is read while one is hashed. */
export async function hashFile(path: string, also?: (bytes: Uint8Array) => void): Promise<Hashed> {
  const { handle, info } = await openRegular(resolve(path))
  const size = Math.min(chunk, info.size + 1)
  const [one, other] = [new Uint8Array(size), new Uint8Array(size)]
  let reading = handle.read(one, 0, size, null)
  try {
    const hash = createHash('sha256')
    for (let count = 0; ; ) {
      const { buffer, bytesRead } = await reading
      if (bytesRead === 0) return { sha256: sha256(hash.digest('hex')), bytes: bytes(count) }
      reading = handle.read(buffer === one ? other : one, 0, size, null)
      const piece = buffer.subarray(0, bytesRead)
      hash.update(piece)
      also?.(piece)
      count += bytesRead
    }
  } finally {
    await reading.catch(() => undefined) // it is written to until then
    await handle.close()
  }
}
