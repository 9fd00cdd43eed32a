// What is left after a kill, as whoever opens the history next finds it.
import { readFileSync } from 'node:fs'

import { expect } from 'vitest'

import type { RunId } from '../../src-main/contract/branded.ts'
import { readHistory } from '../../src-main/history/open.ts'
import { checkIntegrity } from '../../src-main/history/soundness.ts'
import { toyWorkbench } from '../workbench/toy.ts'

export type Epoch = [stage: number, epoch: number]

/**
 * The history is sound and the run interrupted; gives how many of the epochs that were told are not there. isDone: the
 * kill came when the end was kept and not yet told, and hit no run.
 */
export async function leftAfter(
  home: string,
  run: RunId,
  told: readonly Epoch[],
): Promise<{ missing: number; isDone: boolean }> {
  const history = await readHistory(home)
  checkIntegrity(history.db)
  history.close()
  const reader = await toyWorkbench(home, undefined, false)
  const detail = reader.runs.show(run)
  const isDone = detail.state === 'done'
  if (!isDone) expect(detail.state).toBe('interrupted')
  const kept = [detail.start, ...detail.iterations].flatMap((s) => s?.epochs.map((e) => `${e.stage}.${e.epoch}`) ?? [])
  await reader.close()
  return { missing: told.filter(([stage, epoch]) => !kept.includes(`${stage}.${epoch}`)).length, isDone }
}

/** Processes that a process has started; on Linux. */
export function childrenOf(pid: number): number[] {
  const told = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return told.split(' ').filter(Boolean).map(Number)
}
