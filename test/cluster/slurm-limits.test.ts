// Slurm takes only so many jobs: what it took stays taken, and the rest waits and is handed over as places become free.
// Its own limit on a real Slurm; those of accounting, which wants a database, by its words with a stand-in.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import { describe, expect, onTestFinished, test } from 'vitest'

import { type Cluster, clusterSchema } from '../../src-main/contract/clusters/cluster.ts'
import { taskFolder } from '../../src-main/contract/clusters/task.ts'
import { createPlace } from '../../src-main/workbench/clusters/place.ts'
import { createSlurm } from '../../src-main/workbench/clusters/slurm.ts'
import { temporaryFolder } from '../workbench/toy.ts'
import { slurmHere, usingSlurm } from './slurm.ts'

/** Each task says that it began, and ends when there is a file. */
const program = `#!/bin/sh
[ "$1" = task ] || exit 0
echo "$3" >>"$2/began"
until [ -e "$2/go" ]; do sleep 0.1; done
`

function studyWith(settings: Partial<Cluster>) {
  const folder = temporaryFolder()
  const study = { folder: join(folder, 'study'), name: 'basil-limits', program: join(folder, 'basil-remote') }
  writeFileSync(study.program, program)
  chmodSync(study.program, 0o755)
  const asked = { name: 'test', kind: 'slurm', folder, memoryGigabytes: 0.1, cpus: 1, ...settings }
  return { study, scheduler: createSlurm(clusterSchema.parse(asked), createPlace(null)) }
}

describe.skipIf(!slurmHere())('a real Slurm that is full', () => {
  usingSlurm({ lines: ['MaxJobCount=5', 'MinJobAge=2'] })

  test('takes a part, and the rest when jobs of it are gone', async () => {
    const { study, scheduler } = studyWith({ atOnce: 3 })
    const tasks = [0, 1, 2, 3, 4, 5, 6]
    for (const task of tasks) mkdirSync(join(study.folder, 'tasks', taskFolder(task)), { recursive: true })
    const full = 'Slurm has as many jobs as it takes now (MaxJobCount)'
    expect(await scheduler.submit(study, tasks)).toEqual({ taken: [0, 1, 2], left: full })
    expect(await scheduler.submit(study, tasks)).toEqual({
      taken: [0, 1, 2],
      left: '3 tasks are there, and 3 may work at once',
    })
    expect([...(await scheduler.poll(study)).keys()].sort()).toEqual([0, 1, 2])
    writeFileSync(join(study.folder, 'go'), '')
    let left = tasks.slice(3)
    for (; left.length > 0; await pause(200)) {
      const { taken } = await scheduler.submit(study, left)
      left = left.filter((task) => !taken.includes(task))
    }
    await expect
      .poll(() => readFileSync(join(study.folder, 'began'), 'utf8').trim().split('\n').map(Number).sort())
      .toEqual(tasks)
  })
})

/** A Slurm that lets a person have so many jobs, for this test; what is handed over stays there. */
function standIn(most: number): { handedOver(): string[]; forgetJobs(): void } {
  const path = temporaryFolder()
  const before = process.env['PATH']
  process.env['PATH'] = `${path}:${before}`
  onTestFinished(() => {
    process.env['PATH'] = before
  })
  const jobs = join(path, 'jobs')
  writeFileSync(jobs, '')
  const commands = {
    scontrol: 'echo "MaxArraySize            = 4"',
    squeue: `cat '${jobs}'`,
    sbatch: `after=none
for word; do case "$word" in
  --array=*) elements=\${word#--array=} ;;
  --dependency=*) after=\${word#--dependency=} ;;
  --chdir=*) folder=\${word#--chdir=} ;;
esac; first=$word; done
if [ -z "$elements" ]; then echo "results after $after" >>'${path}/handed-over'; echo 99; exit; fi
range=\${elements%%%*}
number=$(( $(cut -d_ -f1 '${jobs}' | sort -un | tail -1) + 1 ))
own=$(seq "\${range%-*}" "\${range#*-}")
if [ $(( $(wc -l <'${jobs}') + $(echo "$own" | wc -l) )) -gt ${most} ]; then
  echo 'sbatch: error: QOSMaxSubmitJobPerUserLimit' >&2
  echo "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)" >&2
  exit 1
fi
for element in $own; do echo "\${number}_$element|PENDING|Priority|0|$folder/run.sbatch $first|$folder|" >>'${jobs}'; done
echo "$first+$range after $after" >>'${path}/handed-over'
echo "$number"`,
  }
  for (const [name, text] of Object.entries(commands)) {
    writeFileSync(join(path, name), `#!/bin/sh\n${text}\n`)
    chmodSync(join(path, name), 0o755)
  }
  return {
    handedOver: () => readFileSync(join(path, 'handed-over'), 'utf8').trim().split('\n'),
    forgetJobs: () => writeFileSync(jobs, ''),
  }
}

test('arrays that were taken before a limit of submitted jobs stay taken', async () => {
  const slurm = standIn(8)
  const { study, scheduler } = studyWith({ atOnce: 100 })
  mkdirSync(study.folder)
  const tasks = Array.from({ length: 12 }, (_, task) => task)
  const left = 'Slurm takes no more of them now: QOSMaxSubmitJobPerUserLimit'
  expect(await scheduler.submit(study, tasks)).toEqual({ taken: [0, 1, 2, 3, 4, 5], left })
  expect(await scheduler.submit(study, tasks.slice(6))).toEqual({ taken: [6, 7], left })
  expect(await scheduler.submit(study, tasks.slice(8))).toEqual({ taken: [], left })
  expect(slurm.handedOver()).toEqual(['0+0-2 after none', '3+0-2 after afterany:1', '6+0-1 after none'])
  slurm.forgetJobs()
  expect(await scheduler.submit(study, tasks.slice(8))).toEqual({ taken: [8, 9, 10, 11], left: null })
  expect(slurm.handedOver().slice(3)).toEqual([
    '6+2 after none',
    '9+0-2 after afterany:1',
    'results after afterany:1:2',
  ])
})

test('what Slurm says no to for another reason is an error still', async () => {
  standIn(8)
  const { study, scheduler } = studyWith({ atOnce: 100 })
  mkdirSync(study.folder)
  await expect(scheduler.submit({ ...study, folder: join(study.folder, 'gone') }, [0])).rejects.toThrow(/did not take/)
})
