// What can be done with clusters: add one; hand a study over; and of one that is there look now, try again what failed,
// end it, bring it back.
import Ban from '@lucide/svelte/icons/ban'
import Plus from '@lucide/svelte/icons/plus'
import RefreshCw from '@lucide/svelte/icons/refresh-cw'
import RotateCcw from '@lucide/svelte/icons/rotate-ccw'
import Server from '@lucide/svelte/icons/server'
import Undo from '@lucide/svelte/icons/undo-2'

import type { Cluster } from '../../src-main/contract/clusters/cluster.ts'
import { clusters } from '../state/clusters/clusters.svelte.ts'
import { runOn } from '../state/clusters/run-on.svelte.ts'
import { there } from '../state/clusters/there.svelte.ts'
import { router } from '../state/router.svelte.ts'
import { openedStudy } from '../state/studies/opened-study.svelte.ts'
import { undo } from '../state/undo.svelte.ts'
import type { Action } from './action.ts'

const shown = () => (router.at('study') ? openedStudy.detail : null)
const onCluster = () => (shown() ? there.status : null)
const atWork = () => shown()?.state === 'running'
const isLeft = () => shown()?.state === 'paused'

export const addCluster: Action = {
  id: 'add-cluster',
  title: 'Add a cluster…',
  shortcut: null,
  icon: Plus,
  enabled: () => router.at('clusters'),
  run: () => {
    clusters.editing = 'new'
  },
}

/** What lies there stays; it can be brought back. */
export async function removeCluster(cluster: Cluster): Promise<void> {
  await clusters.remove(cluster.name)
  undo.give(`${cluster.name} is removed; what lies there stays`, () => clusters.put(cluster))
}

/** Opens the dialog; it then calls beginThere(). */
export const runStudyOn: Action = {
  id: 'run-study-on',
  title: 'Run on…',
  shortcut: null,
  icon: Server,
  enabled: isLeft,
  why: () => 'a study at work or waiting is paused first; one that is done has nothing left',
  run: async () => {
    const study = shown()
    if (study) await runOn.ask({ study: study.study })
  },
}

/** Hands over what the dialog says and shows it. */
export async function beginThere(): Promise<void> {
  await router.goAfter(runOn.begin(), (study) => ['study', { study }])
}

export const lookThere: Action = {
  id: 'look-there',
  title: 'Look now',
  shortcut: null,
  icon: RefreshCw,
  enabled: () => onCluster() !== null && atWork(),
  why: () => 'the study is not at work there',
  run: () => there.look(),
}

export const retryThere: Action = {
  id: 'retry-there',
  title: 'Try failed again',
  shortcut: null,
  icon: RotateCcw,
  enabled: () => onCluster()?.tasks.some(({ state }) => state === 'failed' || state === 'lost') ?? false,
  why: () => 'none of its tasks has failed or is lost',
  run: async () => void (await there.retry()),
}

export const cancelThere: Action = {
  id: 'cancel-there',
  title: 'Cancel there',
  shortcut: null,
  icon: Ban,
  enabled: () => onCluster() !== null && (atWork() || (isLeft() && there.hasTasks)),
  why: () => 'nothing of the study is at work there',
  run: () => there.cancel(),
}

/** What is left of it runs on this machine from then on, once it goes on. */
export const takeBackStudy: Action = {
  id: 'take-back',
  title: 'Bring back here',
  shortcut: null,
  icon: Undo,
  enabled: () => onCluster() !== null && isLeft() && !there.hasTasks,
  why: () => 'what is at work there is cancelled there first; of a study that is done nothing is left',
  run: () => there.takeBack(),
}
