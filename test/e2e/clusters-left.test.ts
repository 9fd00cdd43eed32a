// A study that was paused with tasks of it still on a cluster, in a real browser: what is at work there is ended first,
// then it comes back, and goes on here.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { clusterSchema } from '../../src-main/contract/clusters/cluster.ts'
import { plannedRuns, studySchema } from '../../src-main/contract/run/study.ts'
import { newTask, putClusterTasks } from '../../src-main/history/cluster-tasks.ts'
import { createJob, putJobState } from '../../src-main/history/jobs.ts'
import { openHistory } from '../../src-main/history/open.ts'
import { createStudy } from '../../src-main/history/studies.ts'
import { keepClusters } from '../../src-main/workbench/clusters/kept.ts'
import { absoluteIn, modelsIn, toyStudy } from '../cluster/toy-cluster.ts'
import { toyEntry } from '../workbench/toy-run.ts'
import { type Basil, inBrowser, openPage, startBasil, startBrowser } from './basil.ts'

inBrowser('a study with tasks left on a cluster', () => {
  let home: string
  let basil: Basil
  let browser: Browser
  let page: Page
  const complaints: string[] = []
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'basil-clusters-left-'))
    await keepClusters(home, [clusterSchema.parse({ name: 'trial', kind: 'folder', folder: join(home, 'cluster') })])
    await leftThere(home)
    ;[basil, browser] = await Promise.all([startBasil(home, { BASIL_ENGINE: toyEntry }), startBrowser()])
    page = await openPage(browser, basil.url, complaints)
  })
  afterAll(async () => {
    await browser?.close()
    await basil?.stop()
    await rm(home, { recursive: true, force: true })
  })

  it('is ended there, brought back, and goes on here', async () => {
    await page.evaluate(`location.hash = '#/study/1'`)
    const there = page.getByRole('region', { name: 'On trial', exact: true })
    await there.getByText('2 tasks: 2 queued.').waitFor()
    await page.getByText('Paused, with tasks still on trial.').waitFor()
    const button = (name: string) => there.getByRole('button', { name, exact: true })
    expect(await button('Bring back here').isDisabled()).toBe(true)
    expect(await button('Bring back here').getAttribute('title')).toMatch(/is cancelled there first/)
    await button('Cancel there').click()
    await there.getByText('2 tasks: 2 waiting.').waitFor()
    await button('Bring back here').click()
    await there.waitFor({ state: 'detached' })
    await page.getByText('Paused. “Go on” continues where it was.').waitFor()
    await page.getByRole('button', { name: 'Go on', exact: true }).click()
    await page.getByText('2 of 2 runs done').waitFor()
    expect(complaints).toEqual([])
  })
})

/** As after an error that paused it while its tasks waited there. */
async function leftThere(home: string): Promise<void> {
  const absolute = absoluteIn(modelsIn(join(home, 'models')))
  const definition = studySchema.parse(toyStudy([1]))
  const planned = plannedRuns(definition, () => 0).map((one) => ({ ...one, config: absolute(one.config) }))
  const history = await openHistory(home)
  const study = createStudy(history, definition, planned, new Date())
  const there = { folder: join(home, 'cluster', 'studies', 'toys'), name: 'toys', program: '', paths: [], towers: [] }
  const request = { name: definition.name, there }
  const job = createJob(history, { kind: 'study', title: definition.name, request, study, place: 'trial' }, new Date())
  putClusterTasks(
    history,
    study,
    planned.map((_, place) => ({ ...newTask(place), state: 'queued' })),
  )
  putJobState(history, job, 'paused', new Date())
  history.close()
}
