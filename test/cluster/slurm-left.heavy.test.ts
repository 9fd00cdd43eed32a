// Studies that are left at work on a real Slurm by this program's end: by --detach, by Ctrl+C, and by one that is
// cancelled while nobody looks at it.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { submitStudy } from '../../src-main/cli/cluster/submit.ts'
import { cancelThere, collectThere } from '../../src-main/cli/cluster/there.ts'
import type { Cluster } from '../../src-main/contract/clusters/cluster.ts'
import { temporaryFolder } from '../workbench/toy.ts'
import { slurmHere, usingSlurm } from './slurm.ts'
import { heard } from './terminal.ts'
import { modelsIn, thinProgram, toyClusters, toyStudy } from './toy-cluster.ts'

const change: Partial<Cluster> = { kind: 'slurm', memoryGigabytes: 1, cpus: 1, atOnce: 8 }

describe.skipIf(!slurmHere())('a study that is left on a real Slurm', () => {
  const slurm = usingSlurm()

  /** Its tasks wait with iteration 1 until go(). */
  function fixture() {
    const base = temporaryFolder()
    modelsIn(base)
    const file = join(base, 'study.json')
    writeFileSync(file, JSON.stringify(toyStudy([1])))
    const program = thinProgram({ holds: { stage: 1, until: join(base, 'go') } })
    return {
      file,
      open: () => toyClusters({ home: join(base, 'home'), folder: join(base, 'cluster'), program, change, pause: 400 }),
      go: () => writeFileSync(join(base, 'go'), ''),
    }
  }
  const living = async (): Promise<number> => (await slurm.now.living()).length

  test('--detach ends with 0 once its tasks are handed over, and says how to come back; so it is collected', async () => {
    const { file, open, go } = fixture()
    const { said, code, clear } = heard()
    const first = await open()
    await submitStudy(first, file, { to: 'toys', yes: true, detach: true })
    expect(code()).toBe(0)
    expect(said()).toMatch(/Study 1: 0 of 2 runs done, 2 (queued|running)\.\nNext: basil cluster collect 1\n/)
    await first.close()
    expect(await living()).toBe(2)
    go()
    clear()
    const second = await open()
    await collectThere(second, 1, false, false)
    expect(code()).toBe(0)
    expect(said()).toContain('Study 1: 2 of 2 runs done, 2 done.')
  })

  test('Ctrl+C leaves the tasks at work, and says how to come back', async () => {
    const { file, open, go } = fixture()
    const { said, code } = heard()
    const first = await open()
    const submitted = submitStudy(first, file, { to: 'toys', yes: true })
    await expect.poll(() => first.clusters.status(1)?.tasks.filter(({ state }) => state === 'running').length).toBe(2)
    expect(process.listenerCount('SIGINT')).toBeGreaterThan(0)
    process.kill(process.pid, 'SIGINT')
    await submitted
    expect(code()).toBe(1)
    expect(said()).toMatch(/Study 1: 0 of 2 runs done, 2 running\.\nNext: basil cluster collect 1\n$/)
    await first.close()
    expect(await living()).toBe(2)
    go()
    const second = await open()
    await collectThere(second, 1, false, false)
    expect(code()).toBe(0)
    expect(second.clusters.status(1)?.tasks.map(({ state }) => state)).toEqual(['done', 'done'])
  })

  test('one that an error paused and a program that ends at once cancels has its tasks taken back before that', async () => {
    const { file, open } = fixture()
    heard()
    const first = await open()
    await submitStudy(first, file, { to: 'toys', yes: true, detach: true })
    const paused = { state: 'paused', error: { code: 'config-invalid' } }
    await slurm.away(() => expect.poll(() => first.studies.show(1)).toMatchObject(paused))
    await first.close()
    expect(await living()).toBe(2)
    const second = await open()
    const [job] = second.jobs.list()
    expect(job).toMatchObject({ kind: 'study', state: 'paused', place: 'toys' })
    expect(await second.jobs.cancel(job?.job ?? 0)).toBe(true)
    await second.close()
    await expect.poll(living).toBe(0)
    const third = await open()
    expect(third.notices).toEqual([])
    expect(third.clusters.status(1)?.tasks.map(({ state, words }) => `${state}, ${words}`)).toEqual(
      Array(2).fill('waiting, taken back'),
    )
    expect(await cancelThere(third, 1)).toBe(false)
    expect(third.clusters.takeBack(1)).toBe(1)
  })
})
