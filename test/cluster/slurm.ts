// A real Slurm for a test: a controller and one node on 127.0.0.1, from Debian's packages unpacked into a folder
// (BASIL_SLURM, else out/ci/slurm, which .ci/run makes), without munge, database or installation. It runs as whoever
// runs the test. Its programs are called by the names that Slurm gives them and not by Debian's: a slurmstepd that is
// called otherwise does not know that it is one, and sets no limits. The node says that it has more processors than the
// machine, so that tasks which wait for nothing but time run beside each other. A requeued task may start again after
// 5 s in place of Slurm's 120 (cred_expire). Tests are skipped with a line where the packages are not; with
// SLURM_REQUIRED, as in CI, that is an error.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'

import { afterAll, beforeAll, beforeEach, expect } from 'vitest'

import { patience } from '../patience.ts'
import { createMemoryGroup } from './memory-group.ts'
import { isHere } from './required.ts'

const unpacked = process.env['BASIL_SLURM'] || join(import.meta.dirname, '..', '..', 'out', 'ci', 'slurm')
const libraries = join(unpacked, 'usr', 'lib', 'x86_64-linux-gnu')
const libraryPath = `${libraries}:${join(libraries, 'slurm-wlm')}`
const commands = ['sbatch', 'squeue', 'scontrol', 'scancel', 'sinfo', 'sacct', 'sacctmgr']
const daemons = ['slurmctld', 'slurmd', 'slurmstepd']
const debians = (daemon: string): string => join(unpacked, 'usr', 'sbin', `${daemon}-wlm`)

/** Whether one can be started here. */
export function slurmHere(): boolean {
  const found = daemons.every((daemon) => existsSync(debians(daemon)))
  return isHere(found, `no Slurm in ${unpacked}: unpack Debian's packages there`, 'SLURM_REQUIRED')
}

interface Slurm {
  path: string // of a folder with its commands
  /** One of its commands; gives what it says. Rejects where it fails. */
  ask(command: string, ...args: string[]): Promise<string>
  /** Tasks that wait or work, "12_3": elements of arrays, as the job for a study's results is none. */
  living(): Promise<string[]>
  /** kill -9 */
  killController(): Promise<void>
  /** Resolves when it answers. */
  startController(): Promise<void>
  drain(): Promise<void>
  undrain(): Promise<void>
  logs(): Promise<string> // the ends of them
  /** Cancels what is left, and ends what was started here. */
  stop(): Promise<void>
}

interface Options {
  maxArraySize?: number
  limitsMemory?: boolean // of a task, to what it asks for; where canLimitMemory()
  lines?: string[] // of slurm.conf, after those that are there
}

export interface UsedSlurm {
  readonly now: Slurm
  /** In the place of the one that there is, which is ended. */
  another(): Promise<void>
  /** Does something while its commands are not found. */
  away(work: () => Promise<unknown>): Promise<void>
}

/**
 * One for the tests of a describe: its commands are the first on PATH from before them until after them, also for what
 * they start. Of a test that fails the ends of its logs are shown.
 */
export function usingSlurm(options: Options = {}): UsedSlurm {
  const before = process.env['PATH']
  let slurm: Slurm | null = null
  const begin = async (): Promise<void> => {
    slurm = await startSlurm(options)
    process.env['PATH'] = `${slurm.path}:${before}`
  }
  const end = async (): Promise<void> => {
    process.env['PATH'] = before
    await slurm?.stop()
  }
  beforeAll(begin)
  afterAll(end)
  beforeEach(({ onTestFailed }) => onTestFailed(async () => console.log(await slurm?.logs())))
  return {
    get now() {
      return slurm ?? expect.fail('no Slurm was started')
    },
    another: async () => {
      await end()
      await begin()
    },
    away: async (work) => {
      const within = process.env['PATH']
      process.env['PATH'] = before
      try {
        await work()
      } finally {
        process.env['PATH'] = within
      }
    },
  }
}

async function startSlurm(options: Options): Promise<Slurm> {
  const folder = await mkdtemp(join(tmpdir(), 'basil-slurm-'))
  const configuration = join(folder, 'slurm.conf')
  const path = join(folder, 'bin')
  const env = { ...process.env, LD_LIBRARY_PATH: libraryPath, SLURM_CONF: configuration }
  const program = (daemon: string): string => join(folder, 'sbin', daemon)
  await Promise.all(['bin', 'sbin', 'state', 'spool'].map((name) => mkdir(join(folder, name))))
  for (const daemon of daemons) await symlink(debians(daemon), program(daemon))
  await writeFile(configuration, await configurationOf(folder, options))
  const group = options.limitsMemory ? await createMemoryGroup(folder) : null
  for (const name of commands) await writeFile(join(path, name), commandOf(name, configuration))
  for (const name of commands) await chmod(join(path, name), 0o755)

  const ask = async (command: string, ...args: string[]): Promise<string> =>
    (await promisify(execFile)(join(path, command), args)).stdout
  const begin = (daemon: string, ...more: string[]): ChildProcess =>
    spawn(program(daemon), ['-D', '-f', configuration, ...more], { env, stdio: 'ignore' })
  const beginController = (): ChildProcess => begin('slurmctld')
  const own = {
    controller: beginController(),
    node: begin('slurmd', '-N', 'localhost', '-d', program('slurmstepd')),
  }
  const logs = async (): Promise<string> =>
    (await Promise.all(['controller', 'node'].map((of) => tail(folder, of)))).join('\n')
  const answers = (state: RegExp) => () =>
    ask('sinfo', '-h', '-o', '%T').then(
      (said) => state.test(said),
      () => false,
    )
  const set = (...what: string[]): Promise<string> => ask('scontrol', 'update', 'nodename=localhost', ...what)
  const slurm: Slurm = {
    path,
    ask,
    living: async () =>
      (await ask('squeue', '-h', '-r', '-o', '%i', '-t', 'PENDING,RUNNING'))
        .split('\n')
        .filter((job) => job.includes('_')),
    killController: () => end(own.controller, 'SIGKILL'),
    startController: async () => {
      own.controller = beginController()
      await until(answers(/^(?!unknown)/), logs)
    },
    drain: async () => void (await set('state=drain', 'reason=test')),
    undrain: async () => void (await set('state=resume')),
    logs,
    stop: async () => {
      if (own.controller.exitCode === null && own.controller.signalCode === null) {
        await ask('scancel', '-u', userInfo().username).catch(() => undefined)
        await until(async () => (await ask('squeue', '-h').catch(() => '')) === '', logs)
      }
      await Promise.all([end(own.node, 'SIGTERM'), end(own.controller, 'SIGTERM')])
      if (group) await until(group.remove, logs)
      await rm(folder, { recursive: true, force: true })
    },
  }
  await until(answers(/^idle/), logs).catch(async (error: unknown) => {
    await slurm.stop()
    throw error
  })
  return slurm
}

async function configurationOf(
  folder: string,
  { maxArraySize = 1001, limitsMemory, lines = [] }: Options,
): Promise<string> {
  const { username } = userInfo()
  const [controller, node] = await freePorts()
  return `${[
    'ClusterName=test',
    'SlurmctldHost=localhost(127.0.0.1)',
    `SlurmctldPort=${controller}`,
    `SlurmdPort=${node}`,
    `SlurmUser=${username}`,
    `SlurmdUser=${username}`,
    'AuthType=auth/none',
    'AuthInfo=cred_expire=5',
    'CredType=cred/none',
    'MpiDefault=none',
    'ProctrackType=proctrack/linuxproc',
    `TaskPlugin=task/${limitsMemory ? 'cgroup' : 'none'}`,
    'SelectType=select/cons_tres',
    `SelectTypeParameters=CR_Core${limitsMemory ? '_Memory' : ''}`,
    'SlurmdParameters=config_overrides',
    'SchedulerParameters=bf_interval=1,sched_interval=2', // who waits for a time is looked at that often
    'ReturnToService=2',
    'KillWait=5',
    `StateSaveLocation=${join(folder, 'state')}`,
    `SlurmdSpoolDir=${join(folder, 'spool')}`,
    `SlurmctldPidFile=${join(folder, 'controller.pid')}`,
    `SlurmdPidFile=${join(folder, 'node.pid')}`,
    `SlurmctldLogFile=${join(folder, 'controller.log')}`,
    `SlurmdLogFile=${join(folder, 'node.log')}`,
    `PluginDir=${join(libraries, 'slurm-wlm')}`,
    `MailProg=${join(folder, 'bin', 'sinfo')}`,
    'AccountingStorageType=accounting_storage/none',
    'JobAcctGatherType=jobacct_gather/none',
    'JobCompType=jobcomp/none',
    'CommunicationParameters=NoInAddrAny',
    `MaxArraySize=${maxArraySize}`,
    'NodeName=localhost NodeAddr=127.0.0.1 CPUs=32 RealMemory=64000 State=UNKNOWN',
    'PartitionName=ci Nodes=ALL Default=YES MaxTime=INFINITE State=UP',
    ...lines,
  ].join('\n')}\n`
}

/** Two ports that nothing listens at. */
async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()] as const
  const ports = servers.map(
    (server) =>
      new Promise<number>((resolve) => {
        server.listen(0, '127.0.0.1', () => {
          const address = server.address()
          resolve(address !== null && typeof address === 'object' ? address.port : 0)
        })
      }),
  )
  const [first = 0, second = 0] = await Promise.all(ports)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return [first, second]
}

const commandOf = (name: string, configuration: string): string => `#!/bin/sh
LD_LIBRARY_PATH='${libraryPath}' SLURM_CONF='${configuration}' exec '${join(unpacked, 'usr', 'bin', name)}' "$@"
`

async function until(holds: () => Promise<boolean>, logs: () => Promise<string>): Promise<void> {
  const end = Date.now() + patience
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`Slurm does not answer as awaited:\n${await logs()}`)
    await pause(100)
  }
}

async function end(process: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return
  const ended = new Promise((resolve) => process.once('exit', resolve))
  process.kill(signal)
  await ended
}

async function tail(folder: string, of: string): Promise<string> {
  const log = await readFile(join(folder, `${of}.log`), 'utf8').catch(() => '(no log)')
  return `--- the ${of}'s log\n${log.split('\n').slice(-40).join('\n')}`
}
