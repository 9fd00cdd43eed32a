// The data folder's exports and heads: where a model or a head is written when nobody chose a place, under a name that
// is not taken.
import { extname, join } from 'node:path'

import { BasilError } from '../../contract/errors.ts'
import { makeFolder } from '../../files/made-folder.ts'
import { exportsFolder } from '../settings/kept.ts'

/** write is given one path after the other until it does not throw target-exists. */
export async function inExports<T>(home: string, name: string, write: (out: string) => Promise<T>): Promise<T> {
  return inFolder(exportsFolder(home), name, write)
}

export async function inFolder<T>(folder: string, name: string, write: (out: string) => Promise<T>): Promise<T> {
  makeFolder(folder)
  const ending = extname(name)
  const stem = name.slice(0, name.length - ending.length)
  for (let count = 1; ; count++) {
    try {
      return await write(join(folder, `${stem}${count === 1 ? '' : `-${count}`}${ending}`))
    } catch (error) {
      if (!(error instanceof BasilError && error.record.code === 'target-exists')) throw error
    }
  }
}
