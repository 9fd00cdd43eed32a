// A folder that is there after a loss of power too: what is written into it and synced would otherwise be lost with the
// folder's own name, which stands in the one above.
import { closeSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/**
 * With all above it that are missing. Does nothing where it is there. Throws what mkdir throws, and not by its own
 * "recursive": of a disk that is read-only or broken, Node 24.21 then says "ENOENT: no such file".
 */
export function makeFolder(folder: string, mode = 0o777): void {
  const missing: string[] = []
  for (let at = resolve(folder); !isFolder(at) && missing[0] !== at; at = dirname(at)) missing.unshift(at)
  for (const path of missing) {
    try {
      mkdirSync(path, { mode })
    } catch (error) {
      if (!isFolder(path)) throw error // else somebody else made it
    }
    if (process.platform !== 'win32') sync(dirname(path)) // folders cannot be synced there
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

function sync(folder: string): void {
  let opened: number
  try {
    opened = openSync(folder, 'r')
  } catch {
    return // one may write to it and not list it
  }
  try {
    fsyncSync(opened)
  } finally {
    closeSync(opened)
  }
}
