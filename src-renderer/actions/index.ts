// Everything a person can do, in the order the list of keys shows it. To add one: write it in a file here and name it
// below; its key works and it is listed.
import { notices } from '../state/notices.svelte.ts'
import type { Action } from './action.ts'
import { convertCheckpoint, measureValues, openRecipe, refineCheckpoint, useCheckpoint } from './checkpoint.ts'
import { goEvaluations } from './data/evaluate.ts'
import { makeHead, makeHeadOfData } from './data/heads.ts'
import {
  addDataByPath,
  addDataFiles,
  addDataFolder,
  findData,
  findLeaks,
  forgetData,
  prepareData,
  refreshData,
} from './data/sets.ts'
import { cancelInstall, installCpu, installCuda, removeEngine } from './engine.ts'
import { findRuns, goCompose, goData, goEngine, goHistory, goLibrary, goWelcome } from './go.ts'
import { salvageHistory } from './history.ts'
import { keyMatches } from './keys.ts'
import {
  addByPath,
  addFiles,
  addFolder,
  checkCompatibility,
  compareTwo,
  findCheckpoints,
  forgetCheckpoints,
  refreshLibrary,
  useInRun,
} from './library.ts'
import { openConfiguration, openSample } from './project.ts'
import { cancelRun, exportModel, restartEngine, resumeOnCpu, resumeRun, runAgain, startRun, stopRun } from './run.ts'
import {
  forgetStudy,
  goStudies,
  pauseStudy,
  pauseStudyNow,
  reproduceTable,
  resumeStudy,
  runWithControls,
  sweepFields,
} from './studies.ts'
import { retryConnection, showKeys, toggleTheme } from './view.ts'

export const actions: readonly Action[] = [
  goWelcome,
  goLibrary,
  goData,
  goEvaluations,
  goCompose,
  goStudies,
  goHistory,
  goEngine,
  findRuns,
  findCheckpoints,
  addFiles,
  addFolder,
  addByPath,
  refreshLibrary,
  compareTwo,
  checkCompatibility,
  useInRun,
  forgetCheckpoints,
  measureValues,
  convertCheckpoint,
  useCheckpoint,
  refineCheckpoint,
  openRecipe,
  makeHead,
  makeHeadOfData,
  findData,
  addDataFolder,
  addDataFiles,
  addDataByPath,
  refreshData,
  forgetData,
  prepareData,
  findLeaks,
  salvageHistory,
  openSample,
  openConfiguration,
  startRun,
  stopRun,
  cancelRun,
  restartEngine,
  resumeRun,
  resumeOnCpu,
  exportModel,
  runAgain,
  runWithControls,
  sweepFields,
  reproduceTable,
  pauseStudy,
  pauseStudyNow,
  resumeStudy,
  forgetStudy,
  installCpu,
  installCuda,
  cancelInstall,
  removeEngine,
  toggleTheme,
  showKeys,
  retryConnection,
]

/** Does it, if it can be done now; what goes wrong is told. */
export async function act(action: Pick<Action, 'enabled' | 'run'>): Promise<void> {
  if (action.enabled()) await attempt(action.run)
}

/** Runs any work that may fail and tells of the failure. */
export async function attempt(work: () => void | Promise<void>): Promise<void> {
  try {
    await work()
  } catch (thrown) {
    notices.add(thrown)
  }
}

/** The window's key handler. */
export function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.repeat) return
  const action = actions.find((a) => a.shortcut && keyMatches(a.shortcut, event) && a.enabled())
  if (!action) return
  event.preventDefault()
  void act(action)
}
