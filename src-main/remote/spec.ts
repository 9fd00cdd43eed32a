// What a task is to do, as it was put into its folder.
import { join } from 'node:path'

import { specSchema, type TaskSpec } from '../contract/clusters/task.ts'
import { readStart } from '../files/open.ts'

const longest = 64 * 2 ** 20 // bytes

/** folder: of the task. Throws what reading it throws, and where it is none. */
export async function readSpec(folder: string): Promise<TaskSpec> {
  const { bytes } = await readStart(join(folder, 'spec.json'), longest)
  return specSchema.parse(JSON.parse(bytes.toString('utf8')))
}
