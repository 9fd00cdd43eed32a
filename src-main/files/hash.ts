// The content hash of a file on disk.
import { createHash } from 'node:crypto'
import { resolve } from 'node:path'

import { openRegular } from './open.ts'

const chunk = 4 * 2 ** 20 // bytes read at a time

/** SHA-256 of the whole content, in hexadecimal, and its size in bytes. */
export async function hashFile(path: string): Promise<{ sha256: string; bytes: number }> {
  const { handle } = await openRegular(resolve(path))
  try {
    const hash = createHash('sha256')
    const buffer = new Uint8Array(chunk)
    let bytes = 0
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, chunk, null)
      if (bytesRead === 0) return { sha256: hash.digest('hex'), bytes }
      hash.update(buffer.subarray(0, bytesRead))
      bytes += bytesRead
    }
  } finally {
    await handle.close()
  }
}
