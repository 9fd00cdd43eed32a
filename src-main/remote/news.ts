// What is new of a task since somebody looked: lines of its logs, what it is at, and its result once all its lines were
// read. A result counts only with logs that are what it says they are.
import { existsSync } from 'node:fs'
import { join } from 'node:path'

import type { z } from 'zod'

import type { ReadSoFar, TaskNews } from '../contract/clusters/remote.ts'
import { resultSchema, type TaskResult, taskStateSchema } from '../contract/clusters/task.ts'
import type { ErrorRecord } from '../contract/errors.ts'
import { readStart } from '../files/open.ts'
import { filesOfLogs, linesFrom, logNames, readLog } from './logs.ts'

const longest = 2 ** 20 // bytes of a state or a result

/** null: nothing. about: bytes of lines. */
export async function newsOf(folder: string, known: ReadSoFar, about: number): Promise<TaskNews | null> {
  if (!existsSync(folder)) return null
  const end = await parsed(join(folder, 'result.json'), resultSchema) // first: by then its logs are whole
  const pieces: TaskNews['pieces'] = []
  let left = about
  let more = false
  for (const name of await logNames(folder)) {
    if (more || (known.file !== null && name < known.file)) continue
    const from = name === known.file ? known.bytes : 0
    const bytes = await readLog(folder, name)
    const lines = linesFrom(bytes, from, Math.max(1, left))
    const taken = lines.length === 0 ? 0 : Buffer.byteLength(lines.join('\n')) + 1
    if (taken > 0) pieces.push({ file: name, from, lines })
    left -= taken
    more = from + taken < bytes.lastIndexOf(10) + 1
  }
  const state = await parsed(join(folder, 'state.json'), taskStateSchema)
  const isBroken = !more && (end instanceof Error || (end !== null && (await isOther(folder, end))))
  const fault = isBroken ? damaged(folder) : null
  if (pieces.length === 0 && !more && !end && !state) return null
  return {
    index: known.index,
    state: state instanceof Error ? null : state, // a hint
    pieces,
    more,
    result: more || fault || end instanceof Error ? null : end,
    fault,
  }
}

/** null: there is none. */
async function parsed<T>(file: string, schema: z.ZodType<T>): Promise<T | Error | null> {
  if (!existsSync(file)) return null
  try {
    return schema.parse(JSON.parse((await readStart(file, longest)).bytes.toString('utf8')))
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

async function isOther(folder: string, { files }: TaskResult): Promise<boolean> {
  return JSON.stringify(await filesOfLogs(folder)) !== JSON.stringify(files)
}

function damaged(folder: string): ErrorRecord {
  return {
    code: 'file-damaged',
    what: 'The result of a task is not whole',
    where: folder,
    why: 'it cannot be read, or its logs are not those that it names',
    next: 'have the task tried again: it goes on after its last kept epoch',
  }
}
