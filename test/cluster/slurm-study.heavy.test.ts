// Studies on a real Slurm while things go wrong. Each comes to its end with every run done once and with the bits of
// one that nothing happened to; how many are lost, twice there or differ is printed, and must be none.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, describe, expect, onTestFailed, onTestFinished, test } from 'vitest'

import { createPlace } from '../../src-main/workbench/clusters/place.ts'
import { temporaryFolder } from '../workbench/toy.ts'
import { canLimitMemory } from './memory-group.ts'
import { slurmHere, usingSlurm } from './slurm.ts'
import { begun, forgetModels, held, withToy } from './slurm-study.ts'
import { programsThere, sshdHere, startSshd } from './sshd.ts'

const firstOnly = '[ "$3" = 0 ] &&'
const secondOnly = '[ "$3" = 1 ] &&'

const isHere = slurmHere()
const limitsMemory = isHere && canLimitMemory()

describe.skipIf(!isHere)('a study on a real Slurm', () => {
  const slurm = usingSlurm({ limitsMemory })
  afterAll(forgetModels)

  test('a task that fails is told with its error, and done when it is tried again', async () => {
    const fault = withToy({ fault: { stage: 1, epoch: 2, how: 'throw' } })
    const it = await begun({ lines: [`${secondOnly} [ ! -e "$cluster/mended" ] && ${fault}`] })
    await it.untilOver()
    expect(it.states()).toEqual(['done', 'failed'])
    expect(it.status().tasks[1]?.words).toContain('a toy fault')
    it.make('mended')
    await it.tryAgain()
    await it.isWhole('a failing task')
    expect([it.sittings(0), it.sittings(1)]).toEqual([1, 2])
  })

  test.skipIf(!limitsMemory)(
    'a task that uses up its memory is told in the words of Slurm, and done with more',
    async () => {
      const fills = { stage: 1, epoch: 2, bytes: 1.5 * 2 ** 28 }
      const it = await begun({ lines: [`${secondOnly} ${withToy({ fills })}`], change: { memoryGigabytes: 0.25 } })
      const words = 'OUT_OF_MEMORY, OutOfMemory'
      const error = { code: 'out-of-memory', why: words, inWindow: expect.stringMatching(/^give a task more memory/) }
      expect(await it.untilOver()).toMatchObject({ state: 'paused', done: 1, error })
      expect(it.status().tasks).toMatchObject([{ state: 'done' }, { state: 'lost', words }])
      const [, { run } = expect.fail('no task')] = it.status().tasks
      const lost = it.there.runs.show(run ?? expect.fail('no run'))
      expect(lost).toMatchObject({ state: 'interrupted', error, iterations: [{ epochs: [{}, {}] }] })
      await it.tryAgain(1)
      await it.isWhole('a task out of memory')
      expect([it.sittings(0), it.sittings(1)]).toEqual([1, 2])
    },
  )

  test('half of a result is none', async () => {
    const it = await begun({ lines: [held('go')] })
    await it.untilTasks((tasks) => tasks.every(({ run }) => run !== null))
    writeFileSync(it.inTask(0, 'result.json'), '{ "basil": "result", "version": 1, "ind')
    await it.untilTasks(([first]) => first?.state === 'failed')
    it.make('go')
    await it.untilOver()
    await it.tryAgain()
    await it.isWhole('half of a result')
  })

  test.skipIf(!sshdHere())('a connection that is cut, and lost for a while, costs nothing', async () => {
    const folder = temporaryFolder()
    // the connection ends before the number of the job arrives
    const cut = `id=$('${slurm.now.path}/sbatch' "$@") || exit
mkdir '${folder}/handed-over' 2>/dev/null && cut
echo "$id"`
    const bin = await programsThere(join(folder, 'bin'), { sbatch: cut })
    const sshd = await startSshd([bin, slurm.now.path])
    onTestFinished(() => sshd.end())
    onTestFailed(async () => console.log(await sshd.logs()))
    const place = (host: string | null) => createPlace(host, sshd.ssh)
    const it = await begun({ lines: [held('go')], change: { host: sshd.host }, place })
    await it.untilTasks((tasks) => tasks.every(({ run }) => run !== null))
    expect(existsSync(join(folder, 'handed-over'))).toBe(true)
    expect(sshd.cut()).toBeGreaterThan(0)
    await sshd.stop()
    await it.untilTasks(() => it.status().error?.why.includes('Connection refused') ?? false)
    it.make('go')
    await it.untilTasks(() => [0, 1].every((index) => existsSync(it.inTask(index, 'result.json'))))
    expect(it.states()).toEqual(['running', 'running'])
    await sshd.start()
    await it.isWhole('a lost connection')
    expect([it.sittings(0), it.sittings(1)]).toEqual([1, 1])
  })

  test('this program is started again, in the middle of it', async () => {
    const it = await begun({ lines: [held('go')] })
    await it.untilTasks((tasks) => tasks.every(({ run }) => run !== null))
    it.make('go')
    await it.stop()
    it.there.clusters.goOn()
    await it.isWhole('a program started again')
    expect([it.sittings(0), it.sittings(1)]).toEqual([1, 1])
  })

  test('what is paused in flight ends there, and goes on where it was', async () => {
    const it = await begun({ lines: [held('go')] })
    await it.untilTasks((tasks) => tasks.every(({ run }) => run !== null))
    const [study = expect.fail('no study')] = it.there.studies.list()
    await it.there.studies.pause(study.study, true)
    expect(await it.untilOver()).toMatchObject({ state: 'paused', done: 0 })
    expect(await slurm.now.living()).toEqual([])
    it.make('go')
    await it.there.studies.resume(study.study)
    await it.isWhole('cancelled in flight')
    expect([it.sittings(0), it.sittings(1)]).toEqual([2, 2])
  })

  test('a clock that is hours ahead there moves no time here', async () => {
    const ahead = join(temporaryFolder(), 'ahead.mjs')
    writeFileSync(ahead, threeHoursAhead)
    const it = await begun({ lines: [held('go'), `export NODE_OPTIONS='--import ${ahead}'`] })
    await it.untilTasks((tasks) => tasks.every(({ run }) => run !== null))
    expect(Math.round((it.status().ahead ?? 0) / 3600)).toBe(3)
    it.make('go')
    await it.isWhole('a skewed clock')
    const { rows } = it.there.runs.list({ limit: 10 })
    expect(rows.filter(({ created }) => Date.parse(created) > Date.now())).toEqual([])
  })

  test.skipIf(!canMount())('a full disk there: what was kept stays, and when there is room it goes on', async () => {
    const cluster = smallDisk(16)
    const it = await begun({ cluster, lines: [`${secondOnly} [ ! -e "$cluster/room" ] && ${held('go')}`] })
    await it.untilTasks(([first, second]) => first?.state === 'done' && second?.run !== null)
    const { bavail, bsize } = statfsSync(cluster)
    expect(() => writeFileSync(join(cluster, 'filler'), new Uint8Array(bavail * bsize + 1))).toThrow(/ENOSPC/)
    it.make('go')
    expect(await it.untilOver()).toMatchObject({ state: 'paused', done: 1 })
    rmSync(join(cluster, 'filler'))
    it.make('room')
    await it.tryAgain()
    await it.isWhole('a full disk')
  })

  test('a drained node lets what works there end, and the others wait', async () => {
    const it = await begun({ lines: [`${firstOnly} ${held('go')}`], change: { atOnce: 1 } })
    await it.untilTasks(([first]) => first?.run !== null)
    await slurm.now.drain()
    it.make('go')
    await it.untilTasks(
      ([first, second]) => first?.state === 'done' && /DRAINED|drained|NotAvail/.test(second?.words ?? ''),
    )
    expect(it.states()).toEqual(['done', 'queued'])
    await slurm.now.undrain()
    await it.isWhole('a drained node')
  })

  test('the controller is killed and comes back: what it forgot is not done again', async () => {
    // 22.05 gives the number of a forgotten job again, and a node that still works on that one drains itself
    onTestFinished(slurm.another)
    const it = await begun({ lines: [`${secondOnly} ${held('go')}`] })
    await it.untilTasks(([first, second]) => first?.state === 'done' && second?.run !== null)
    await slurm.now.killController()
    await it.untilTasks(() => it.status().error?.where === 'toys')
    it.make('go')
    await it.untilTasks(() => existsSync(it.inTask(1, 'result.json')))
    await slurm.now.startController()
    await it.isWhole('a killed controller')
    expect([it.sittings(0), it.sittings(1)]).toEqual([1, 1])
  })

  test('two studies at once; in one of them a task meets its time limit, and is queued again alone', async () => {
    // eight epochs of ten seconds: longer than until Slurm, which looks every half a minute, sends USR1; then quick
    const lines = [`${secondOnly} [ -z "$SLURM_RESTART_COUNT" ] && ${withToy({ wait: 10_000 })}`]
    const limited = await begun({ lines, change: { minutes: 1 } })
    const other = await begun()
    await other.isWhole('one of two studies')
    await limited.isWhole('a time limit')
    expect(limited.sittings(0)).toBe(1)
    expect(limited.sittings(1)).toBeGreaterThan(1)
  })
})

const threeHoursAhead = `const Real = Date
globalThis.Date = class extends Real {
  constructor(...given) { given.length > 0 ? super(...given) : super(Real.now() + 3 * 3600e3) }
  static now() { return Real.now() + 3 * 3600e3 }
}
`

function canMount(): boolean {
  const isRoot = process.platform === 'linux' && process.getuid?.() === 0
  if (!isRoot) console.error('\n*** only root may mount a small disk: a full disk on a cluster is NOT tested ***\n')
  return isRoot
}

/** megabytes: of memory, as a disk that every process sees. */
function smallDisk(megabytes: number): string {
  const folder = join(temporaryFolder(), 'disk')
  mkdirSync(folder)
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'basil', folder])
  onTestFinished(() => void execFileSync('umount', ['--lazy', folder]))
  return folder
}
