// The log of a run on its page: what the workbench has noted, and what is heard from then on. What both know is one
// entry: a stream begins a little before what was noted is read.
import { logLine } from '../../../src-main/contract/run/log.ts'
import type { RunEvent } from '../../../src-main/contract/run/run.ts'
import type { LiveRun } from './apply-event.ts'

const same = 10_000 // ms within which the same sentence is the same event

export function withLog(live: LiveRun, event: RunEvent, at: Date): LiveRun {
  const what = logLine(event)
  if (what === null) return live
  const { log = [] } = live.detail
  const isKnown = log.some(
    (entry) => entry.what === what && (entry.at === null || Math.abs(at.getTime() - Date.parse(entry.at)) < same),
  )
  if (isKnown || (event.type === 'started' && log.length > 0)) return live // who watches hears first that it started
  return { ...live, detail: { ...live.detail, log: [...log, { at: at.toISOString(), what }] } }
}
