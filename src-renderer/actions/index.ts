// Everything a person can do, in the order the list of keys shows it. To add one: write it in a file here and name it
// below; its key works and it is listed. Going to a page is an action of its own, made of the list of pages.
import { notices } from '../state/notices.svelte.ts'
import type { Action } from './action.ts'
import { convertCheckpoint, measureValues, openRecipe, refineCheckpoint, useCheckpoint } from './checkpoint.ts'
import { makeHead, makeHeadOfData } from './data/heads.ts'
import {
  addDataByPath,
  addDataFiles,
  addDataFolder,
  browseData,
  findData,
  findLeaks,
  forgetData,
  prepareData,
  refreshData,
} from './data/sets.ts'
import { cancelInstall, installCpu, installCuda, measureEngines, removeEngine } from './engine.ts'
import { goActions } from './go.ts'
import { findRuns, salvageHistory } from './history.ts'
import { keyMatches } from './keys.ts'
import {
  addingCheckpoints,
  checkCompatibility,
  compareTwo,
  findBases,
  findCheckpoints,
  forgetCheckpoints,
  refreshLibrary,
  rowActions,
  tagCheckpoints,
  useInRun,
} from './library.ts'
import { mergeModels, startMerge } from './merge.ts'
import { openConfiguration, openSample } from './project.ts'
import { cancelRun, exportModel, restartEngine, resumeOnCpu, resumeRun, runAgain, startRun, stopRun } from './run.ts'
import {
  forgetStudy,
  pauseStudy,
  pauseStudyNow,
  reproduceTable,
  resumeStudy,
  runWithControls,
  sweepFields,
} from './studies.ts'
import { retryConnection, showKeys, toggleTheme, undoLast } from './view.ts'

/** A part of the list, under a heading of its own. */
export interface ActionGroup {
  readonly title: string
  readonly actions: readonly Action[]
}

const groups: readonly ActionGroup[] = [
  {
    title: 'Library',
    actions: [
      ...[findCheckpoints, ...addingCheckpoints, refreshLibrary, makeHead],
      ...[compareTwo, checkCompatibility, mergeModels, useInRun, tagCheckpoints, forgetCheckpoints],
      findBases,
      ...rowActions,
      startMerge,
    ],
  },
  {
    title: 'Checkpoint',
    actions: [measureValues, convertCheckpoint, useCheckpoint, refineCheckpoint, openRecipe],
  },
  {
    title: 'Data',
    actions: [
      ...[findData, addDataFolder, addDataFiles, browseData, addDataByPath, refreshData, forgetData],
      ...[prepareData, findLeaks, makeHeadOfData],
    ],
  },
  { title: 'New run', actions: [openSample, openConfiguration, startRun, runWithControls, sweepFields] },
  {
    title: 'Run',
    actions: [stopRun, cancelRun, restartEngine, resumeRun, resumeOnCpu, exportModel, runAgain],
  },
  { title: 'Studies', actions: [reproduceTable, pauseStudy, pauseStudyNow, resumeStudy, forgetStudy] },
  { title: 'History', actions: [findRuns, salvageHistory] },
  { title: 'Engine', actions: [measureEngines, installCpu, installCuda, cancelInstall, removeEngine] },
  { title: 'Window', actions: [undoLast, toggleTheme, showKeys, retryConnection] },
]

/** Everything, with an action for each page of the navigation first. */
export function actionGroups(): readonly ActionGroup[] {
  return [{ title: 'Pages', actions: goActions() }, ...groups]
}

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
  const action = actionGroups()
    .flatMap(({ actions }) => actions)
    .find(({ shortcut, enabled }) => shortcut && keyMatches(shortcut, event) && enabled())
  if (!action) return
  event.preventDefault()
  void act(action)
}
