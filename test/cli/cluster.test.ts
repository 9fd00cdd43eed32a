// basil cluster as a process of its own: what is added is listed and goes again, and what is wrong is told with its
// exit code. Studies there are in test/cluster.
import { expect, test } from 'vitest'

import { temporaryFolder } from '../workbench/toy.ts'
import { basil, withToy } from './terminal.ts'

test('a cluster is added as its options say, listed and removed', async () => {
  const place = { home: temporaryFolder(), env: withToy() }
  const slurm = ['--slurm', '--host', 'me@login', '--partition', 'gpu', '--gpus', '1', '--memory', '0.5']
  const more = ['--line', 'module load cuda', '--line', 'ulimit -n 4096', '--path', '/data=/shared/data', '--portable']
  const added = await basil(['cluster', 'add', 'lab', '--folder', '/scratch/me', ...slurm, ...more], place)
  expect(added).toMatchObject({ code: 0, err: '' })
  expect(added.out).toContain('lab: Slurm, me@login:/scratch/me; partition gpu, 4 CPUs, 0.5 GB, 1 GPUs, 240 min a task')
  const listed = await basil(['cluster', 'list', '--json'], place)
  expect(JSON.parse(listed.out)).toEqual([
    {
      ...{ name: 'lab', kind: 'slurm', host: 'me@login', folder: '/scratch/me', atOnce: 4, partition: 'gpu' },
      ...{ account: null, qos: null, minutes: 240, memoryGigabytes: 0.5, cpus: 4, gpus: 1, engine: 'portable' },
      ...{ setup: ['module load cuda', 'ulimit -n 4096'], paths: [{ here: '/data', there: '/shared/data' }] },
    },
  ])
  expect((await basil(['cluster', 'remove', 'lab', '--json'], place)).out).toBe('{"removed":true}\n')
  expect((await basil(['cluster', 'list'], place)).out).toMatch(/^None was added\. Next: basil cluster add/)
})

test('what cannot be is refused with the field, and 2', async () => {
  const place = { home: temporaryFolder(), env: withToy() }
  const host = await basil(['cluster', 'add', 'lab', '--folder', '/scratch/me', '--host', 'login'], place)
  expect([host.code, host.err]).toEqual([2, expect.stringContaining('a host wants Slurm')])
  const minutes = await basil(
    ['cluster', 'add', 'lab', '--folder', '/scratch/me', '--minutes', 'many', '--json'],
    place,
  )
  expect(minutes.code).toBe(2)
  expect(JSON.parse(minutes.out)).toMatchObject({ type: 'error', error: { code: 'config-invalid', where: 'minutes' } })
  const status = await basil(['cluster', 'status', '7', '--json'], place)
  expect([status.code, JSON.parse(status.out).error.code]).toEqual([1, 'run-state'])
})
