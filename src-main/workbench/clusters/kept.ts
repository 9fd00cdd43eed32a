// The clusters that a person has added, in <data folder>/clusters.json. A file that cannot be read is refused, not
// replaced.
import { existsSync } from 'node:fs'
import { join } from 'node:path'

import { z } from 'zod'

import { type Cluster, clusterSchema } from '../../contract/clusters/cluster.ts'
import { BasilError } from '../../contract/errors.ts'
import { readStartSync } from '../../files/open.ts'
import { writeAtomic } from '../../files/write-atomic.ts'

const fileOf = (home: string): string => join(home, 'clusters.json')
const longest = 2 ** 20 // bytes

/** In the order of their names. Throws config-invalid. */
export function keptClusters(home: string): Cluster[] {
  const file = fileOf(home)
  if (!existsSync(file)) return []
  try {
    return z.array(clusterSchema).parse(JSON.parse(readStartSync(file, longest).bytes.toString('utf8')))
  } catch (error) {
    throw new BasilError(
      {
        code: 'config-invalid',
        what: 'The list of clusters cannot be read',
        where: file,
        why: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error),
        next: 'mend the file, or move it away and add the clusters again',
      },
      { cause: error },
    )
  }
}

export async function keepClusters(home: string, clusters: readonly Cluster[]): Promise<void> {
  const sorted = [...clusters].sort((a, b) => (a.name < b.name ? -1 : 1))
  await writeAtomic(fileOf(home), [Buffer.from(`${JSON.stringify(sorted, null, 2)}\n`)], { overwrite: true })
}

/** Throws run-missing. */
export function clusterNamed(home: string, name: string): Cluster {
  const found = keptClusters(home).find((one) => one.name === name)
  if (found) return found
  throw new BasilError({
    code: 'run-missing',
    what: 'There is no such cluster',
    where: name,
    why: 'none was added under that name',
    next: '"basil cluster list" lists them, "basil cluster add" adds one',
    inWindow: 'choose one of those on the page Clusters, or add it there',
  })
}
