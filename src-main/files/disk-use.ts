// What lies in a folder, counted without following links: bytes on the disk and files. What goes away meanwhile, or
// may not be read, is not counted.
import { lstat, opendir } from 'node:fs/promises'
import { join } from 'node:path'

export interface DiskUse {
  bytes: number
  files: number
}

export async function diskUse(path: string): Promise<DiskUse> {
  const use = { bytes: 0, files: 0 }
  await count(path, use)
  return use
}

async function count(path: string, use: DiskUse): Promise<void> {
  const found = await lstat(path).catch(() => undefined)
  if (found?.isFile()) {
    use.files += 1
    use.bytes += Math.min(found.size, found.blocks * 512) // parts of a cache's file may never be written
  }
  if (!found?.isDirectory()) return
  const folder = await opendir(path).catch(() => undefined)
  if (folder) for await (const { name } of folder) await count(join(path, name), use)
}
