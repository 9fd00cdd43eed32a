// Everything a person can do, in the order the list of keys shows it. To add one: write it in a file here and name it
// below; its key works and it is listed. Going to a page is an action of its own, made of the list of pages.
import { notices } from '../state/notices.svelte.ts'
import type { Action } from './action.ts'
import {
  convertCheckpoint,
  followRecipe,
  measureValues,
  openRecipe,
  refineCheckpoint,
  useCheckpoint,
} from './checkpoint.ts'
import { addCluster, cancelThere, lookThere, retryThere, runStudyOn, takeBackStudy } from './clusters.ts'
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
import {
  compareRuns,
  duplicateRun,
  emptyTrash,
  findRuns,
  lineageOfTicked,
  pinRuns,
  restoreRuns,
  salvageHistory,
  tagRuns,
  trashRuns,
  unpinRuns,
} from './history.ts'
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
import { mergeModels, startMerge, startSearch, useBest } from './merge.ts'
import { exportMix, openMix, resetMix, undoMix, zeroMix } from './mix.ts'
import { reportProblem, saveReport } from './problem.ts'
import {
  copyConfiguration,
  discardDraft,
  duplicateConfiguration,
  learnWithData,
  measureRun,
  openConfiguration,
  openSample,
  saveConfiguration,
  savePreset,
} from './project.ts'
import {
  cancelJob,
  moveJobDown,
  moveJobTop,
  moveJobUp,
  pauseJob,
  pruneJobs,
  resumeJob,
  retryJob,
  tellEnds,
  tellNoEnds,
} from './queue.ts'
import {
  cancelRun,
  compareWith,
  exportModel,
  pauseRun,
  restartEngine,
  resumeOnCpu,
  resumeRun,
  runAgain,
  showLineage,
  startRun,
  stopRun,
} from './run.ts'
import { backUpNow, bringBack, restoreOther } from './settings.ts'
import {
  adaptToEach,
  forgetStudy,
  pauseStudy,
  pauseStudyNow,
  reproduceTable,
  resumeStudy,
  runWithControls,
  sweepFields,
} from './studies.ts'
import { findTunings, tuningActions } from './tuning/one.ts'
import { emptyTuning, fineTuneCheckpoint, fineTuneOnData, fineTuneOnThis, startTuning } from './tuning/write.ts'
import { retryConnection, showKeys, showPalette, toggleTheme, undoLast } from './view.ts'

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
      ...[startMerge, startSearch, useBest],
    ],
  },
  {
    title: 'Checkpoint',
    actions: [measureValues, convertCheckpoint, followRecipe, useCheckpoint, refineCheckpoint, openRecipe],
  },
  {
    title: 'Data',
    actions: [
      ...[findData, addDataFolder, addDataFiles, browseData, addDataByPath, refreshData, forgetData],
      ...[prepareData, findLeaks, makeHeadOfData],
    ],
  },
  {
    title: 'New run',
    actions: [
      ...[openSample, openConfiguration, learnWithData, startRun, runWithControls, sweepFields, measureRun],
      ...[saveConfiguration, savePreset, copyConfiguration, duplicateConfiguration, discardDraft],
    ],
  },
  {
    title: 'Run',
    actions: [
      ...[pauseRun, stopRun, cancelRun, restartEngine, resumeRun, resumeOnCpu, exportModel, runAgain],
      ...[compareWith, showLineage],
    ],
  },
  {
    title: 'Fine-tuning',
    actions: [
      ...[startTuning, emptyTuning, fineTuneCheckpoint, fineTuneOnData, fineTuneOnThis, findTunings],
      ...tuningActions,
    ],
  },
  { title: 'Live accuracy', actions: [openMix, resetMix, zeroMix, undoMix, exportMix] },
  { title: 'Studies', actions: [reproduceTable, adaptToEach, pauseStudy, pauseStudyNow, resumeStudy, forgetStudy] },
  { title: 'Clusters', actions: [addCluster, runStudyOn, lookThere, retryThere, cancelThere, takeBackStudy] },
  {
    title: 'Queue',
    actions: [
      ...[moveJobTop, moveJobUp, moveJobDown, pauseJob, resumeJob, cancelJob, retryJob],
      ...[pruneJobs, tellEnds, tellNoEnds],
    ],
  },
  {
    title: 'History',
    actions: [
      ...[findRuns, compareRuns, lineageOfTicked, duplicateRun, pinRuns, unpinRuns, tagRuns],
      ...[trashRuns, restoreRuns, emptyTrash, salvageHistory],
    ],
  },
  { title: 'Engine', actions: [measureEngines, installCpu, installCuda, cancelInstall, removeEngine] },
  { title: 'Settings', actions: [backUpNow, bringBack, restoreOther] },
  {
    title: 'Window',
    actions: [showPalette, undoLast, toggleTheme, showKeys, retryConnection, reportProblem, saveReport],
  },
]

/** What can be done on the page that is shown, and here alone; then everything by what it is done with. */
export function listedGroups(): readonly ActionGroup[] {
  const everywhere = new Set(['New run', 'Window'])
  const here = groups.filter(({ title }) => !everywhere.has(title)).flatMap(({ actions }) => actions)
  const possible = here.filter((one) => one.enabled())
  return [...(possible.length ? [{ title: 'On this page', actions: possible }] : []), ...actionGroups()]
}

/** Everything, with an action for each page of the navigation first. */
export function actionGroups(): readonly ActionGroup[] {
  return [{ title: 'Pages', actions: goActions() }, ...groups]
}

/** Does it, if it can be done now; what goes wrong is told. */
export async function act(action: Pick<Action, 'enabled' | 'run'> & { id?: string }): Promise<void> {
  if (action.enabled()) await attempt(action.run, action.id)
}

/** Runs any work that may fail and tells of the failure; of: the action that it is, whose last failure is then old. */
export async function attempt(work: () => void | Promise<void>, of?: string): Promise<void> {
  if (of !== undefined) notices.begun(of)
  try {
    await work()
  } catch (thrown) {
    notices.add(thrown, of)
  }
}

/** The key of an action, and those that a browser may keep to itself. */
export const keysOf = ({ shortcut, also = [] }: Pick<Action, 'shortcut' | 'also'>): readonly string[] =>
  shortcut === null ? also : [shortcut, ...also]

/** The window's key handler. */
export function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.repeat) return
  const action = actionGroups()
    .flatMap(({ actions }) => actions)
    .find((one) => keysOf(one).some((key) => keyMatches(key, event)) && one.enabled())
  if (!action) return
  event.preventDefault()
  void act(action)
}
