// What is packed to report a problem, as texts that a person can read: versions, what doctor says, the newest logs, and
// the record of a run. Each is asked for by itself: of what cannot be had, why is packed in its place.
import { arch, cpus, platform, release, totalmem, version } from 'node:os'

import type { ReportEntry } from '../../contract/api/problem.ts'
import { recordOf, sentence } from '../../contract/errors.ts'
import type { RunDetail } from '../../contract/run/run.ts'
import { logsFolder } from '../../files/log.ts'
import { newestLogs } from '../../files/read-logs.ts'
import { thisSystem } from '../native/system.ts'
import { type Examined, examine } from './examination.ts'
import { type Person, thisPerson, withoutPerson } from './person.ts'

export interface Asked extends Examined {
  run: { number: number; read: () => RunDetail | Promise<RunDetail> } | null
  person?: Person
}

export async function gatherReport(asked: Asked): Promise<ReportEntry[]> {
  const { run, person = thisPerson() } = asked
  const examination = await attempted(() => examine(asked))
  const versions = { ...machine(), ...('versions' in examination ? { versions: examination.versions } : {}) }
  const texts: (readonly [name: string, text: string])[] = [
    ['versions.json', inJson(versions)],
    ['doctor.json', inJson(examination)],
    ...(await newestLogs(logsFolder(asked.dataFolder))).map(({ name, text }) => [`logs/${name}`, text] as const),
  ]
  if (run) texts.push([`run-${run.number}.json`, inJson(await attempted(async () => run.read()))])
  return texts.map(([name, whole]) => {
    const text = withoutPerson(whole, person)
    return { name, bytes: Buffer.byteLength(text), text }
  })
}

async function attempted<T extends object>(ask: () => Promise<T>): Promise<T | { missing: string }> {
  try {
    return await ask()
  } catch (thrown) {
    return { missing: sentence(recordOf(thrown)) }
  }
}

function machine(): Record<string, unknown> {
  const { node, electron, v8 } = process.versions
  return {
    made: new Date().toISOString(),
    system: {
      platform: platform(),
      release: release(),
      version: version(),
      arch: arch(),
      glibc: thisSystem().libc || null,
    },
    processor: { model: cpus()[0]?.model ?? 'unknown', cores: cpus().length, memoryBytes: totalmem() },
    runtime: { node, v8, electron: electron ?? null },
    time: Intl.DateTimeFormat().resolvedOptions().timeZone,
  }
}

const most = 200 // elements of a list; a run may have a million losses

/** Lists of numbers on one line each, and long lists by their beginning. */
function inJson(value: object): string {
  const brief = (_: string, one: unknown): unknown =>
    Array.isArray(one) && one.length > most ? [...one.slice(0, most), `and ${one.length - most} more`] : one
  const text = JSON.stringify(value, brief, 2)
  return `${text.replaceAll(/\[[\s\d.,eE+-]*(?:"and \d+ more"\s*)?\]/g, (list) => list.replaceAll(/\s+/g, ' '))}\n`
}
