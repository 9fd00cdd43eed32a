// A folder that is there after a loss of power too: what is written into it and synced would otherwise be lost with the
// folder's own name, which stands in the one above.
import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** With all above it that are missing. Does nothing where it is there. Throws what mkdir throws. */
export function makeFolder(folder: string, mode = 0o777): void {
  const first = mkdirSync(folder, { recursive: true, mode })
  if (first === undefined || process.platform === 'win32') return // folders cannot be synced there
  for (let made = resolve(folder); ; made = dirname(made)) {
    sync(dirname(made))
    if (made === resolve(first)) return
  }
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
