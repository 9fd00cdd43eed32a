// What a person is told of a model of which nothing says how it is computed, on every page that shows its numbers, and
// of a history with damaged rows: in a real browser on the real engine.
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import Database from 'better-sqlite3'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { accessible, type Basil, inBrowser, openPage, startBasil, startBrowser } from './basil.ts'

const sample = join(import.meta.dirname, '../../resources/sample')
const models = ['pretrained', 'finetuned-mnist', 'finetuned-fashion', 'tasks'].map((name) => `${name}.safetensors`)

inBrowser('what is told', () => {
  const folder = mkdtempSync(join(tmpdir(), 'basil-told-'))
  const home = join(folder, 'home')
  let basil: Basil
  let browser: Browser
  let page: Page
  const complaints: string[] = []
  const open = async (): Promise<void> => {
    basil = await startBasil(home)
    page = await openPage(browser, basil.url, complaints, { viewport: { width: 1280, height: 800 } })
  }
  beforeAll(async () => {
    // without their open_clip_config.json
    for (const name of models) copyFileSync(join(sample, name), join(folder, name))
    const task = (name: string, aim: string) => {
      const of = (what: string): string => `tasks.safetensors#${what}`
      return {
        name,
        aim,
        data: of(`${name}.learning`),
        validation: of(`${name}.validation`),
        test: of(`${name}.test`),
        head: of(`head.${name}`),
      }
    }
    const config = {
      method: 'dv-basi',
      pretrained: models[0],
      vectors: models.slice(1, 3),
      tasks: [task('mnist', 'forget'), task('fashion', 'keep')],
      start: { method: 'atlas', steps: 2 },
      iterations: 1,
      steps: 2,
    }
    writeFileSync(join(folder, 'unknown.json'), JSON.stringify(config))
    browser = await startBrowser()
    await open()
  })
  afterAll(async () => {
    await browser?.close()
    await basil?.stop()
    rmSync(folder, { recursive: true })
  })

  it('a tower that is a guess is told in the plan, where its fields show the guess, and in the report', async () => {
    await page.getByLabel('Or its path on this machine').fill(join(folder, 'unknown.json'))
    await page.getByLabel('Or its path on this machine').press('Enter')
    await page.getByText('All files fit together.').waitFor()
    await page.getByText('pretrained.safetensors: nothing says how its image tower is computed').waitFor()
    await page.getByRole('switch', { name: 'Expert' }).click()
    const heads = page.getByLabel('Attention heads', { exact: true })
    expect(await heads.getAttribute('placeholder')).toBe('2')
    expect(await page.getByLabel('Activation', { exact: true }).locator('option').first().innerText()).toBe(
      'quick-gelu (default)',
    )
    await accessible(page, 'unknown-tower')
    await heads.fill('3')
    await page.getByText('Next: correct "attentionHeads".').waitFor()
    await heads.fill('2')
    await page.getByText('pretrained.safetensors: nothing says the activation').waitFor()
    await page.getByRole('button', { name: 'Start run' }).click()
    await page.getByRole('button', { name: 'Export model' }).waitFor()
    await page.getByText('Nothing said how the image tower is computed.').waitFor()
    await page.getByRole('figure', { name: 'Coefficients of the model' }).waitFor()
    await accessible(page, 'unknown-tower-report')
    expect(complaints).toEqual([])
  })

  it('nothing lies over another and no page is too wide at 900 pixels, while a run goes on too', async () => {
    await page.setViewportSize({ width: 900, height: 800 })
    await page.getByRole('button', { name: 'Run again with these settings' }).click()
    await page.locator('#field-steps').fill('40000') // no machine is through before it is cancelled
    await page.getByRole('button', { name: 'Start run' }).click()
    await page.getByRole('button', { name: 'Cancel run' }).waitFor()
    await page.getByRole('link', { name: /^Run 2/ }).waitFor()
    const width = await page.evaluate('document.documentElement.scrollWidth')
    const links = await page.getByRole('navigation', { name: 'Pages' }).getByRole('link').all()
    const ends = await Promise.all(
      links.map(async (link) => ((await link.boundingBox())?.x ?? 0) + ((await link.boundingBox())?.width ?? 0)),
    )
    const keys = await page.locator('header > button').first().boundingBox()
    expect(width).toBeLessThanOrEqual(900)
    expect(Math.max(...ends)).toBeLessThanOrEqual(keys?.x ?? 0)
    await page.getByRole('button', { name: 'Cancel run' }).click()
    await page.getByRole('button', { name: 'Yes, cancel this run' }).click()
    await page.getByRole('button', { name: 'Run again with these settings' }).waitFor()
    await page.setViewportSize({ width: 1280, height: 800 })
  })

  it('a damaged row is told once on its run’s page, and a run that cannot be read has no made-up numbers', async () => {
    await page.close()
    await basil.stop()
    const db = new Database(join(home, 'history.sqlite'))
    db.exec(
      "UPDATE evaluations SET accuracy = 0.99 WHERE run = 1 AND place = 0 AND split = 'test'; UPDATE runs SET name = 'x' WHERE run = 2",
    )
    db.close()
    await open()
    await page.getByRole('link', { name: 'History', exact: true }).click()
    const unread = page.getByRole('row').filter({ hasText: 'not readable' })
    expect((await unread.innerText()).split(/\s+/).filter((cell) => /\d/.test(cell))).toEqual(['2'])
    await unread.getByText('damaged').waitFor()
    await accessible(page, 'damaged-history')
    await page.getByRole('row').filter({ hasText: 'done' }).getByRole('link').click()
    await page.getByText('A row of the history is damaged.').first().waitFor()
    await page.getByRole('heading', { name: /^Run 1/ }).waitFor()
    const places = await page.locator('.where').allInnerTexts()
    expect(places.length).toBeGreaterThan(0)
    expect(new Set(places).size).toBe(places.length)
    await page.getByRole('link', { name: 'Welcome', exact: true }).click()
    await page.getByRole('button', { name: 'Bring back what can be read' }).waitFor()
    await accessible(page, 'damaged-welcome')
    expect(complaints).toEqual([])
  })
})
