// The logs of a task: what its sittings said, a line each (files/task-lines.ts). A line that was cut or changed ends what
// counts of its file; what a killed sitting left of its last one is such a line. A sitting writes to a file of its own,
// which it makes anew: two of them never mix.
import { createHash } from 'node:crypto'
import { closeSync, constants, fsyncSync, openSync, writeSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

import { sha256 } from '../contract/branded.ts'
import { eventsFile, isEventsFile, type TaskLine, type TaskResult } from '../contract/clusters/task.ts'
import type { Parent, ResumeState } from '../contract/run/run.ts'
import { openRegular } from '../files/open.ts'
import { eventOf, lineOf } from '../files/task-lines.ts'

/** In their order. */
export async function logNames(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter(isEventsFile).sort()
}

/** Whole lines from a byte on, of about so many bytes; of a line that is longer, all of it. */
export function linesFrom(bytes: Buffer, from: number, about: number): string[] {
  const end = bytes.lastIndexOf(10, Math.max(from, Math.min(bytes.length, from + about) - 1))
  const until = end >= from ? end : bytes.indexOf(10, from)
  return until < from ? [] : bytes.toString('utf8', from, until).split('\n')
}

/** As long as it is by then. */
export async function readLog(folder: string, name: string): Promise<Buffer> {
  const { handle } = await openRegular(join(folder, name))
  return handle.readFile().finally(() => handle.close())
}

/** What the sittings before have come to: from where on to go, and the files that they used. */
export async function soFar(folder: string): Promise<{ resume: ResumeState | null; parents: Parent[] }> {
  let resume: ResumeState | null = null
  let parents: Parent[] = []
  for (const name of await logNames(folder)) {
    const bytes = await readLog(folder, name)
    for (const line of linesFrom(bytes, 0, bytes.length)) {
      const event = eventOf(line)
      if (!event) break
      if (event.type === 'opened') parents = event.parents
      if (event.type === 'epoch') resume = event.resume
    }
  }
  return { resume, parents: resume ? parents : [] }
}

/** Of all logs as they are now. */
export async function filesOfLogs(folder: string): Promise<TaskResult['files']> {
  const names = await logNames(folder)
  return Promise.all(
    names.map(async (name) => {
      const bytes = await readLog(folder, name)
      const lines = linesFrom(bytes, 0, bytes.length).length
      return { name, lines, bytes: bytes.length, sha256: sha256(createHash('sha256').update(bytes).digest('hex')) }
    }),
  )
}

export interface TaskLog {
  /** synced: it is on the disk when this returns. Throws what the disk throws. */
  append(event: TaskLine, synced: boolean): void
  close(): void
}

/** A new one, after those that are there. */
export async function beginLog(folder: string): Promise<TaskLog> {
  for (let sitting = (await logNames(folder)).length; ; sitting++)
    try {
      const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_APPEND
      const file = openSync(join(folder, eventsFile(sitting)), flags)
      return {
        append: (event, synced) => {
          const bytes = Buffer.from(`${lineOf(event)}\n`)
          for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
          if (synced) fsyncSync(file)
        },
        close: () => closeSync(file),
      }
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
}
