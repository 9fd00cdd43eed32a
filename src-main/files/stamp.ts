// Whether a file is still the one it was: its device, inode, size and the times of its content and of its record, as
// the system has them. What has another stamp was written to, or replaced.
import { stat } from 'node:fs/promises'

export async function stampOf(file: string): Promise<string> {
  const found = await stat(file, { bigint: true }).catch(() => null)
  return found ? [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(' ') : 'missing'
}
