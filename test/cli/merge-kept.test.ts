// A merge that is typed is kept: a job with its recipe and a row of the library, whoever writes the history meanwhile,
// however it ends, and with no data folder it goes on all the same. The engine is the test double.
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { Job } from '../../src-main/contract/api/jobs.ts'
import { checkpoint } from '../workbench/library/setting.ts'
import { temporaryFolder, toyWorkbench } from '../workbench/toy.ts'
import type { Toy } from '../workbench/toy-faults.ts'
import { basil, outcome, start, withToy } from './terminal.ts'

const words = ['merge', '--method', 'ties', '--density', '0.3', '--pretrained', 'base.safetensors', '--vectors', 'a.pt']

/** Models in a folder, and a data folder beside it. */
function setting(toy: Toy = {}, environment: NodeJS.ProcessEnv = {}) {
  const [home, cwd] = [join(temporaryFolder(), 'data'), temporaryFolder()]
  for (const [i, name] of ['base.safetensors', 'a.pt'].entries()) writeFileSync(join(cwd, name), checkpoint(i))
  const place = { home, cwd, env: { ...withToy(toy), ...environment } }
  const out = join(cwd, 'sum.safetensors')
  return { home, out, place, merge: (...more: string[]) => [...words, '--out', 'sum.safetensors', ...more] }
}
const kept = async (place: Parameters<typeof basil>[1]): Promise<Job[]> =>
  JSON.parse((await basil(['queue', 'list', '--json'], place)).out)

test('it leaves a job that is done, with its recipe, and a row of the library; one that fails says why', async () => {
  const { home, out, place, merge } = setting()
  expect(await basil(merge(), place)).toMatchObject({ code: 0, err: '' })
  expect(await basil(merge(), place)).toMatchObject({ code: 1, err: expect.stringContaining('already there') })
  expect(readdirSync(join(home, 'typed'))).toEqual([])
  const jobs = await kept(place)
  expect(jobs).toMatchObject([
    { job: 2, kind: 'merge', state: 'failed', error: { code: 'target-exists' }, file: out },
    { job: 1, kind: 'merge', state: 'done', error: null, file: out, title: 'sum.safetensors: 1 TIES of 1' },
  ])
  const shown = await basil(['queue', 'show', '1'], place)
  expect(shown.out).toMatch(
    /^merge: sum\.safetensors: 1 TIES of 1 -> .*sum\.safetensors: done\n {2}1 TIES of 1\n {2}by TIES \(density 0\.3/,
  )
  expect(shown.out).toContain('  pre-trained model base.safetensors (')
  expect(JSON.parse((await basil(['queue', 'show', '1', '--json'], place)).out).request.recipe.steps).toMatchObject([
    { method: 'ties', parameters: { density: 0.3 } },
  ])
  expect(JSON.parse((await basil(['library', 'list', '--json'], place)).out).entries).toMatchObject([{ path: out }])
})

test('where a parameter is refused or only a plan is asked for, nothing was merged and nothing is kept', async () => {
  const { place, merge } = setting()
  expect((await basil(merge('--density', '7'), place)).code).toBe(2)
  expect((await basil(merge('--plan'), place)).code).toBe(0)
  expect(await kept(place)).toEqual([])
})

test('while another process writes the history the merge goes on, and that process takes it, once', async () => {
  const { home, out, place, merge } = setting()
  const workbench = await toyWorkbench(home)
  expect(await basil(merge(), place)).toMatchObject({ code: 0, err: '' })
  expect(existsSync(out)).toBe(true)
  const files = () => workbench.jobs.list().map(({ file, state }) => [file, state])
  await expect.poll(files).toEqual([[out, 'done']])
  await expect.poll(async () => (await workbench.library.list()).entries.map(({ path }) => path)).toEqual([out])
  await expect.poll(() => readdirSync(join(home, 'typed'))).toEqual([])
  await workbench.close()
  expect(await kept(place)).toHaveLength(1)
})

test('Ctrl+C cancels it; killed outright it is found interrupted by the next that writes', async () => {
  const until = join(temporaryFolder(), 'at work')
  const { home, out, place, merge } = setting({ merging: until })
  const first = start(merge(), place)
  const end = outcome(first)
  await expect.poll(() => existsSync(until)).toBe(true)
  first.kill('SIGINT')
  expect(await end).toMatchObject({ code: 1, err: expect.stringContaining('The merge was ended') })
  expect(await kept(place)).toMatchObject([{ state: 'cancelled', error: null }])
  writeFileSync(until, '')
  const second = start(merge(), { ...place, env: withToy({ merging: `${until} again` }) })
  const killed = outcome(second)
  await expect.poll(() => existsSync(`${until} again`)).toBe(true)
  second.kill('SIGKILL')
  await killed
  expect(readdirSync(join(home, 'typed'))).toHaveLength(1)
  const { jobs } = await toyWorkbench(home)
  await expect
    .poll(() =>
      jobs
        .list()
        .map(({ state }) => state)
        .sort(),
    )
    .toEqual(['cancelled', 'interrupted'])
  await expect.poll(() => readdirSync(join(home, 'typed'))).toEqual([]) // once its row is there
  expect(existsSync(out)).toBe(false)
})

test('with no data folder, and where none can be made, the model is written all the same', async () => {
  const none = setting()
  expect(existsSync(none.home)).toBe(false)
  expect(await basil(none.merge(), none.place)).toMatchObject({ code: 0, err: '' })
  const never = setting()
  const place = { ...never.place, home: '/dev/null/data' }
  expect(await basil(never.merge(), place)).toMatchObject({ code: 0, err: '' })
  expect(existsSync(never.out)).toBe(true)
})
