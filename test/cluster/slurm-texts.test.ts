// What is made for Slurm and read of it, as texts: recorded from Slurm 22.05.8 where they are its own.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { clusterSchema } from '../../src-main/contract/clusters/cluster.ts'
import { probed } from '../../src-main/workbench/clusters/slurm/probe.ts'
import { elementsOf, turnsOf } from '../../src-main/workbench/clusters/slurm/queue.ts'
import { arraysOf, batchScript, ranges } from '../../src-main/workbench/clusters/slurm/script.ts'
import { temporaryFolder } from '../workbench/toy.ts'

const study = { folder: '/scratch/a b|c/studies/toys-1', name: 'basil-1', program: '/scratch/basil-remote' }
const cluster = clusterSchema.parse({ name: 'lab', kind: 'slurm', folder: '/scratch', minutes: 240 })

describe('the queue', () => {
  const place = `${study.folder}/run.sbatch`
  const row = (job: string, state: string, reason: string, status: number, first = 0): string =>
    `${job}|${state}|${reason}|${status}|${place} ${first}|${study.folder}|`

  test('each task has the state and the words that Slurm gives it', () => {
    const said = [
      row('1_0', 'RUNNING', 'None', 0),
      row('1_1', 'FAILED', 'NonZeroExitCode', 768),
      row('1_2', 'PENDING', 'JobArrayTaskLimit', 0),
      row('1_3', 'FAILED', 'JobLaunchFailure', 9),
      row('1_4', 'FAILED', 'NonZeroExitCode', 137 << 8),
      row('1_5', 'OUT_OF_MEMORY', 'OutOfMemory', 253),
      row('1_6', 'PENDING', 'BeginTime', 0),
      row('1_7', 'COMPLETING', 'None', 0),
      row('1_8', 'COMPLETED', 'None', 0),
      '',
    ]
    expect([...turnsOf(said.join('\n'), study)].map(([task, { state, words }]) => [task, state, words])).toEqual([
      [0, 'running', 'RUNNING'],
      [1, 'over', 'FAILED, NonZeroExitCode, exit code 3'],
      [2, 'queued', 'PENDING, JobArrayTaskLimit'],
      [3, 'over', 'FAILED, JobLaunchFailure, signal 9'],
      [4, 'over', 'FAILED, NonZeroExitCode, exit code 137, signal 9'],
      [5, 'over', 'OUT_OF_MEMORY, OutOfMemory'],
      [6, 'queued', 'PENDING, BeginTime'],
      [7, 'running', 'COMPLETING'],
      [8, 'over', 'COMPLETED'],
    ])
  })

  test('a task of several jobs is where the one that lives has it, else the latest', () => {
    const said = [
      row('9_1', 'FAILED', 'None', 256),
      row('10_1', 'COMPLETED', 'None', 0),
      row('7_1', 'TIMEOUT', 'None', 0),
    ]
    expect(turnsOf(said.join('\n'), study).get(1)?.job).toBe('10_1')
    const living = [...said, row('8_1', 'RUNNING', 'None', 0)].join('\n')
    expect(turnsOf(living, study).get(1)?.job).toBe('8_1')
  })

  test('elements of a later array are counted from its first task, and other folders are not looked at', () => {
    const other = '3_0|RUNNING|None|0|/home/other/run.sbatch 0|/home/other|'
    const job = '4_0|RUNNING|None|0|/home/wrap|/home|'
    const turns = turnsOf([other, job, row('2_7', 'RUNNING', 'None', 0, 1000)].join('\n'), study)
    expect([...turns.keys()]).toEqual([1007])
    expect(elementsOf([...turns.values(), { job: '2_8', state: 'queued', words: '' }])).toEqual(['2_[7-8]'])
  })
})

describe('the arrays', () => {
  test('numbers are written as ranges', () => {
    expect(ranges([9, 3, 4, 5, 7, 0])).toBe('0,3-5,7,9')
  })

  test('no element has a number that Slurm does not take', () => {
    const all = Array.from({ length: 1500 }, (_, i) => i)
    expect(arraysOf(all, 1001)).toEqual([
      { tasks: all.slice(0, 1000), first: 0, elements: '0-999' },
      { tasks: all.slice(1000), first: 1000, elements: '0-499' },
    ])
    expect(arraysOf([1499, 3, 7, 1000], 1001)).toEqual([
      { tasks: [3, 7], first: 0, elements: '3,7' },
      { tasks: [1499, 1000], first: 1000, elements: '0,499' },
    ])
  })
})

describe('the batch script', () => {
  /** What is called and how it ends. signals: to the script, once the task works. */
  function run(
    task: string,
    signals: string[] = [],
    settings = {},
  ): { status: number | null; calls: string; log: string } {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'tasks', '1007'), { recursive: true })
    for (const [name, text] of [
      ['scontrol', `echo scontrol "$@" >>${folder}/calls`],
      ['basil-remote', `echo basil-remote "$@" $BASIL_THREADS >>${folder}/calls\n${task}`],
      ['run.sbatch', batchScript({ ...cluster, ...settings }, { ...study, program: join(folder, 'basil-remote') })],
    ] as const) {
      writeFileSync(join(folder, name), name === 'run.sbatch' ? text : `#!/bin/bash\n${text}\n`)
      chmodSync(join(folder, name), 0o755)
    }
    const tell = signals.map((signal) => `until [ -e working ]; do sleep 0.01; done; rm working; kill -${signal} $!`)
    const { status } = spawnSync('bash', ['-c', `./run.sbatch 1000 & ${[...tell, 'wait $!'].join('; ')}`], {
      cwd: folder,
      env: {
        PATH: `${folder}:${process.env['PATH']}`,
        SLURM_ARRAY_JOB_ID: '12',
        SLURM_ARRAY_TASK_ID: '7',
        SLURM_JOB_ID: '12',
      },
    })
    const read = (name: string): string => readFileSync(join(folder, name), 'utf8').replaceAll(folder, 'FOLDER')
    return { status, calls: read('calls'), log: read('tasks/1007/log') }
  }
  const loop = ': >working; for i in $(seq 600); do sleep 0.05; done; exit 3'
  const called = 'basil-remote task FOLDER 1007 4\n'

  test('it gives the end of the task as its own, and the log has what it says', () => {
    expect(run('echo said; exit 7')).toEqual({ status: 7, calls: called, log: 'said\n' })
  })

  test('near the limit the element is queued again by its own name, not by the number that is the array’s', () => {
    const { status, calls } = run(`trap 'exit 85' USR2\n${loop}`, ['USR1'])
    expect({ status, calls }).toEqual({ status: 85, calls: `${called}scontrol requeue 12_7\n` })
  })

  test('near the limit a task that cannot hear yet is queued again, and so is one that begins only then', () => {
    const again = { status: 85, calls: `${called}scontrol requeue 12_7\n` }
    expect(run(loop, ['USR1'])).toMatchObject(again)
    const late = run(`trap 'exit 85' USR2\n${loop}`, [], { setup: ['kill -USR1 $$'] })
    expect([late.status, late.calls.replace(called, '')]).toEqual([85, 'scontrol requeue 12_7\n'])
  })

  test('a task that hears and ends as it should is not queued again', () => {
    expect(run(`trap 'exit 0' USR2\n${loop}`, ['USR1'])).toMatchObject({ status: 0, calls: called })
  })

  test('what is cancelled is not queued again, also where its limit was near', () => {
    expect(run(`trap 'exit 85' TERM\n${loop}`, ['TERM'])).toMatchObject({ status: 85, calls: called })
    const both = `trap ': >working' USR2\ntrap 'exit 85' TERM\n${loop}`
    expect(run(both, ['USR1', 'TERM'])).toMatchObject({ status: 85, calls: called })
  })

  test('it asks for what the cluster says, and does its lines before the task', () => {
    const asked = { partition: 'gpu', account: 'lab', qos: 'long', gpus: 2, cpus: 9, memoryGigabytes: 1.5, minutes: 30 }
    const text = batchScript({ ...cluster, ...asked, setup: ['module load cuda'] }, { ...study, name: 'two words' })
    expect(text.split('\n').filter((line) => line.startsWith('#SBATCH'))).toEqual(
      [
        ...[
          '--job-name=two-words',
          '--partition=gpu',
          '--account=lab',
          '--qos=long',
          '--ntasks=1',
          '--cpus-per-task=9',
        ],
        ...['--mem=1536M', '--time=30', '--gres=gpu:2', '--requeue', '--signal=B:USR1@90', '--open-mode=append'],
      ].map((option) => `#SBATCH ${option}`),
    )
    expect(text.indexOf('module load cuda')).toBeLessThan(text.indexOf('task "$PWD"'))
    expect(run('exit 0', [], { setup: ['echo before'] }).log).toBe('before\n')
  })
})

describe('the probe', () => {
  const config =
    'ClusterName             = ci\nJobRequeue              = 1\nMaxArraySize            = 1001\nSLURM_VERSION           = 22.05.8\n'
  const partitions = 'ci*|up|infinite|1|idle|2|2000|(null)\n'
  const said = (trial: string, of = partitions): string =>
    `slurm-wlm 22.05.8\n--- basil partitions\n${of}--- basil settings\n${config}--- basil trial\n${trial}`

  test('what is there is told as facts', () => {
    const trial =
      'sbatch: Job 5 to start at 2026-11-30T05:34:01 using 1 processors on nodes localhost in partition ci\n--- basil taken\n'
    expect(probed(said(trial), cluster)).toEqual({
      facts: [
        { what: 'Slurm', is: '22.05.8, cluster ci' },
        { what: 'Partition ci', is: 'up, 1 nodes idle, 2 CPUs, 2000 MB, at most infinite' },
        { what: 'Tasks of a job array', is: 'at most 1000' },
        { what: 'A task would start', is: 'at 2026-11-30T05:34:01, by its clock' },
      ],
      wrong: [],
      notes: [],
    })
  })

  test('what Slurm says no to is wrong, in its words', () => {
    const why = (trial: string, of?: string): string[] =>
      probed(said(trial, of), cluster).wrong.map((error) => error.why)
    expect(why('allocation failure: Requested node configuration is not available\n')).toEqual([
      'allocation failure: Requested node configuration is not available',
    ])
    expect(why('sbatch: error: Invalid generic resource (gres) specification\n')).toEqual([
      'Invalid generic resource (gres) specification',
    ])
    expect(why('--- basil taken\n', partitions.replace('up', 'down'))).toEqual(['it is down'])
  })

  test('no Slurm, and one that does not answer, are told apart', () => {
    expect(probed('', cluster).wrong[0]?.what).toBe('There is no Slurm')
    const away = 'slurm_load_ctl_conf error: Unable to contact slurm controller (connect failure)\n'
    const { wrong } = probed(`slurm-wlm 22.05.8\n--- basil partitions\n--- basil settings\n${away}`, cluster)
    expect(wrong).toMatchObject([{ what: 'Slurm does not answer', why: expect.stringContaining('Unable to contact') }])
  })
})
