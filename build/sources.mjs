// The project's own files, and a digest of some of them: what build, check and the ratchets go through.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

export const root = join(import.meta.dirname, '..')

/** Files under `paths` (relative to the root, with /), sorted; a missing path has none. */
export function filesOf(...paths) {
  return paths.flatMap((path) => {
    const info = statSync(join(root, path), { throwIfNoEntry: false })
    if (!info) return []
    if (info.isFile()) return [path]
    return readdirSync(join(root, path), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
      .sort()
  })
}

/** SHA-256 over names and contents. */
export function digestOf(files) {
  const hash = createHash('sha256')
  for (const file of files) {
    const bytes = readFileSync(join(root, file))
    hash.update(`${file}\0${bytes.length}\0`).update(bytes)
  }
  return hash.digest('hex')
}
