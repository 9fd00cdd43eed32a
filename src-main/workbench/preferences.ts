// What the window remembers, in <data folder>/preferences.json: read once, written whole at each change, one write at a
// time. A file that cannot be read is an empty one: nothing in it is worth a failed start.
import { join } from 'node:path'

import { type Preferences, preferencesSchema } from '../contract/api/preferences.ts'
import { readStartSync } from '../files/open.ts'
import { writeAtomic } from '../files/write-atomic.ts'

const largest = 16 * 1024 * 1024 // bytes

export interface PreferenceStore {
  all(): Preferences
  /** null forgets the key. Resolves when it is on the disk. Throws target-unwritable. */
  keep(key: string, value: Preferences[string]): Promise<void>
}

export function createPreferences(home: string): PreferenceStore {
  const file = join(home, 'preferences.json')
  let kept: Preferences | undefined
  let written: Promise<unknown> = Promise.resolve()
  const all = (): Preferences => (kept ??= read(file))
  return {
    all,
    keep: async (key, value) => {
      const { [key]: _, ...others } = all()
      kept = value === null ? others : { ...others, [key]: value }
      const before = written
      // The newest state is written, whatever was asked meanwhile; one that failed does not stand in the way.
      const mine = before
        .catch(() => undefined)
        .then(() => writeAtomic(file, [Buffer.from(`${JSON.stringify(all(), null, 2)}\n`)], { overwrite: true }))
      written = mine
      await mine
    },
  }
}

function read(file: string): Preferences {
  try {
    return preferencesSchema.parse(JSON.parse(readStartSync(file, largest).bytes.toString('utf8')))
  } catch {
    return {}
  }
}
