// The field's data sets by name, where they lie: in folders, or the folders themselves.
import { join } from 'node:path'

import type { NamedData } from '../../contract/api/data.ts'
import type { Told } from '../../contract/engine-api.ts'
import { recognise } from '../../engine/datasets/sources/find.ts'
import { openFiles } from '../../files/folder.ts'

/** What lies in a folder counts before the folder itself, and an earlier folder before a later one. */
export async function* namedData(folders: readonly string[]): AsyncGenerator<Told<NamedData[]>> {
  const found = new Map<string, string>()
  for (const [done, folder] of folders.entries()) {
    yield { type: 'progress', what: `Looking into ${folder}`, done, total: folders.length }
    const isFolder = (await openFiles.kind(folder)) === 'folder'
    const inner = isFolder ? (await openFiles.list(folder)).filter((entry) => entry.isFolder) : []
    for (const path of [...inner.map(({ name }) => join(folder, name)).sort(), folder]) {
      const name = await nameOf(path)
      if (name !== undefined && !found.has(name)) found.set(name, path)
    }
  }
  yield { type: 'result', result: [...found].map(([name, path]) => ({ name, path })) }
}

async function nameOf(path: string): Promise<string | undefined> {
  return recognise(path, openFiles).then(
    ({ known }) => known?.name,
    () => undefined, // nothing that Basil reads, or several data sets in one
  )
}
