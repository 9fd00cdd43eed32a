// A line of a task's log: the CRC-32 of its JSON as eight hexadecimal digits, a space, and the JSON, in which every
// number keeps its bits.
import { crc32 } from 'node:zlib'

import { type TaskLine, taskLineSchema } from '../contract/clusters/task.ts'
import { exactJson, fromExactJson } from '../contract/wire/exact-json.ts'

export const lineOf = (event: TaskLine): string => {
  const json = exactJson(event)
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}`
}

/** null: it was cut or changed. */
export function eventOf(line: string): TaskLine | null {
  const json = line.slice(9)
  if (line[8] !== ' ' || Number.parseInt(line.slice(0, 8), 16) !== crc32(json)) return null
  return taskLineSchema.safeParse(fromExactJson(json)).data ?? null
}
