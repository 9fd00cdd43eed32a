// The form of a cluster says a cluster or what is wrong with which field; a plan is of the cluster that is chosen now;
// a study's tasks are counted in the order in which they go.
import { expect, test, vi } from 'vitest'

import type { PlanThere } from '../../../src-main/contract/api/clusters.ts'
import { taskCounts } from '../../../src-main/contract/clusters/counts.ts'
import { clusterIn, formOf } from '../../../src-renderer/state/clusters/cluster-form.ts'

const asked = vi.hoisted(() => ({ submitted: [] as unknown[] }))
vi.mock('../../../src-renderer/bridge.ts', () => ({
  client: {
    preferences: { all: async () => ({}), keep: async () => true },
    clusters: {
      list: async () => [{ name: 'lab' }, { name: 'trial' }],
      plan: async function* ({ name }: { name: string }) {
        yield { type: 'progress', what: 'Hashing files', done: 1, total: 2 }
        const result: PlanThere = { cluster: name, tasks: 6, hours: 24, gpuHours: 0, there: 1, missing: [], bytes: 0 }
        yield { type: 'result', result }
      },
      submit: async (wanted: unknown) => {
        asked.submitted.push(wanted)
        return { study: 7 }
      },
    },
  },
  errorOf: (thrown: unknown) => thrown,
}))

test('what is typed is a cluster, and a cluster is what was typed', () => {
  const form = {
    ...formOf(null),
    ...{ name: ' lab ', host: 'login', folder: '/scratch/me', partition: 'gpu', gpus: '1', memoryGigabytes: '0.5' },
    ...{ setup: 'module load cuda\n\n', paths: '/data = /shared/data\n' },
  }
  const { cluster, issues } = clusterIn(form)
  expect(issues).toEqual({})
  expect(cluster).toMatchObject({
    ...{ name: 'lab', kind: 'slurm', host: 'login', partition: 'gpu', account: null, gpus: 1, memoryGigabytes: 0.5 },
    ...{ setup: ['module load cuda'], paths: [{ here: '/data', there: '/shared/data' }], minutes: 240 },
  })
  expect(cluster && clusterIn(formOf(cluster)).cluster).toEqual(cluster)
  const folder = clusterIn({ ...form, kind: 'folder' }).cluster
  expect(folder).toMatchObject({ kind: 'folder', host: null, partition: null, setup: [] }) // of Slurm alone
})

test('each wrong field is told beside it', () => {
  const wrong = clusterIn({
    ...formOf(null),
    ...{ name: '', host: '-oProxyCommand=x', folder: 'scratch', minutes: '', cpus: 'four', paths: '/data' },
  })
  expect(wrong.cluster).toBe(null)
  expect(Object.keys(wrong.issues).toSorted()).toEqual(['cpus', 'folder', 'host', 'minutes', 'name', 'paths'])
  expect(wrong.issues).toMatchObject({ folder: 'give an absolute path', host: 'give a host as ssh takes it' })
})

test('a plan is of the cluster that is chosen, and what is begun is what was planned', async () => {
  const { runOn } = await import('../../../src-renderer/state/clusters/run-on.svelte.ts')
  await runOn.ask({ study: 7 })
  expect([runOn.open, runOn.name, runOn.plan]).toEqual([true, 'lab', null])
  await runOn.look()
  expect(runOn.plan).toMatchObject({ cluster: 'lab', tasks: 6 })
  runOn.name = 'trial'
  expect(runOn.plan).toBe(null)
  await runOn.look()
  expect(runOn.plan).toMatchObject({ cluster: 'trial' })
  expect(await runOn.begin()).toBe(7)
  expect([runOn.open, asked.submitted]).toEqual([false, [{ study: 7, name: 'trial' }]])
  await runOn.ask({ grant: 'g', definition: { name: 'sweep' } }, 'lab') // chosen in the dialog before
  expect([runOn.name, runOn.plan]).toEqual(['lab', null])
})

test('tasks are counted by state, in their order', () => {
  const states = ['done', 'running', 'done', 'lost', 'waiting'] as const
  expect(taskCounts(states.map((state) => ({ state })))).toEqual([
    { state: 'waiting', count: 1 },
    { state: 'running', count: 1 },
    { state: 'done', count: 2 },
    { state: 'lost', count: 1 },
  ])
})
