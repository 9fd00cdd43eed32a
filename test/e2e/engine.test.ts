// The Engine page in a real browser: what is in use, GPUs to choose from, an installation that fails, one that is left
// off, and removing one. Only pip, the compiler and the GPU's driver are doubles: programs on PATH.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'

import { currentEngine, switchEngine, writeManifest } from '../../src-main/files/engine-folder.ts'
import { engineChoice } from '../../src-main/workbench/engines/choice.ts'
import { deviceChoice } from '../../src-main/workbench/native/devices.ts'
import { type Basil, inBrowser, openPage, shot, startBasil, startBrowser } from './basil.ts'

const cards = '0, NVIDIA GeForce RTX 4090, 24564, 23871, 570.86.15\n1, NVIDIA GeForce RTX 3060, 12288, 11402, 570.86.15'

inBrowser('the Engine page', () => {
  const programs = mkdtempSync(join(tmpdir(), 'basil-programs-'))
  const program = (name: string, script: string) =>
    writeFileSync(join(programs, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  let basil: Basil
  let browser: Browser
  let page: Page
  const complaints: string[] = []
  beforeAll(async () => {
    vi.stubEnv('PATH', programs)
    vi.stubEnv('BASIL_ADDON', '')
    program('nvidia-smi', `echo "${cards}"`)
    program('g++', 'exit 0')
    ;[basil, browser] = await Promise.all([startBasil(), startBrowser()])
    page = await openPage(browser, basil.url, complaints, { viewport: { width: 1280, height: 800 } })
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    await browser?.close()
    await basil?.stop()
    rmSync(programs, { recursive: true })
  })

  async function accessible(where: string): Promise<void> {
    await page.evaluate(axe.source)
    const found = await page.evaluate(
      'axe.run().then((r) => r.violations.map((v) => v.impact + ": " + v.id + " " + v.nodes[0].html))',
    )
    expect([where, found]).toEqual([where, []])
  }

  it('names what is in use and lists the GPUs; the chosen one is kept', async () => {
    await page.getByRole('link', { name: 'Engine', exact: true }).click()
    await page.getByText('native TensorFlow is not installed').waitFor()
    await page.getByRole('radio', { name: /RTX 3060/ }).check()
    await expect.poll(() => deviceChoice(basil.home)).toBe('gpu:1')
    await page.getByText('native TensorFlow is not installed').waitFor() // it has started anew
    await accessible('engine')
    await shot(page, 'engine')
    await page.getByRole('radio', { name: /Automatic a GPU/ }).check()
    await expect.poll(() => deviceChoice(basil.home)).toBe('auto')
    await page.getByText('native TensorFlow is not installed').waitFor()
  })

  it('shows every engine with its state, measures those that are here, and keeps the one that is chosen', async () => {
    const engines = page.getByRole('region', { name: 'Engines' })
    await engines.getByText('It is not installed.', { exact: false }).first().waitFor()
    expect(await engines.getByRole('radio', { name: /Native CPU/ }).isDisabled()).toBe(true)
    const trying = engines.getByText(/^Trying /).waitFor() // from before the click on: it goes by
    await engines.getByRole('button', { name: 'Measure the engines' }).click()
    await trying
    await engines.getByText(/ms a step$/).waitFor()
    await engines.getByRole('radio', { name: /Portable/ }).check()
    await expect.poll(() => engineChoice(basil.home)).toBe('wasm')
    await engines.getByText('in use').waitFor()
    for (const width of [1280, 420]) {
      await page.setViewportSize({ width, height: 900 })
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        await accessible(`engines, ${width}, ${colorScheme}`)
        await shot(page, `engines-${width}-${colorScheme}`)
      }
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    }
    await page.emulateMedia({ colorScheme: 'light' })
    await page.setViewportSize({ width: 1280, height: 800 })
    await engines.getByRole('radio', { name: /Automatic/ }).check()
    await expect.poll(() => engineChoice(basil.home)).toBe('auto')
    await page.getByText('native TensorFlow is not installed').waitFor()
  })

  it('says what an installation lacks, and what to do', async () => {
    program('python3', 'echo "No module named pip" >&2; exit 1')
    await page.getByRole('button', { name: 'Install for the CPU' }).click()
    await page.getByText('pip is missing.').waitFor()
    await page.getByText(/the system package python3-pip/).waitFor()
    await accessible('engine, failed')
    await shot(page, 'engine-failed')
    await page.getByRole('button', { name: 'Close message' }).click()
  })

  it('shows how far it is, and cancelling ends it', async () => {
    program(
      'python3',
      'case "$*" in *--version*) echo "pip 25 (python 3.11)";; *) while :; do echo "Progress 1 of 9"; /bin/sleep 0.1; done;; esac',
    )
    await page.getByRole('button', { name: 'Install for CUDA' }).click()
    await page.getByText('Installing for CUDA: downloading').waitFor()
    await page.getByText('0 B of 3.15 GiB').waitFor()
    await page.getByRole('link', { name: 'Welcome', exact: true }).click() // it goes on while other pages are shown
    await page.getByRole('link', { name: 'Engine', exact: true }).click()
    await page.emulateMedia({ colorScheme: 'dark' })
    await accessible('engine, installing, dark')
    await shot(page, 'engine-installing-dark')
    await page.getByRole('button', { name: 'Cancel installation' }).click()
    await page.getByRole('button', { name: 'Install for CUDA' }).waitFor()
    await page.emulateMedia({ colorScheme: 'light' })
  })

  it('removes what is installed, after asking', async () => {
    const id = 'cpu-1'
    const files = ['tensorflow/a.so', 'tensorflow/b.so', 'binding/tfjs_binding.node'].map((path) => ({
      path,
      bytes: 4,
    }))
    for (const { path } of files) {
      mkdirSync(join(basil.home, 'engine', id, path, '..'), { recursive: true })
      writeFileSync(join(basil.home, 'engine', id, path), 'four')
    }
    await writeManifest(basil.home, id, {
      kind: 'cpu',
      tensorflow: '2.21.0',
      installed: '2026-01-02T03:04:05.000Z',
      files,
    })
    await switchEngine(basil.home, id)
    await page.getByRole('link', { name: 'Welcome', exact: true }).click()
    await page.getByRole('link', { name: 'Engine', exact: true }).click()
    await page.getByText('TensorFlow 2.21.0 for the CPU').waitFor()
    await accessible('engine, installed')
    await shot(page, 'engine-installed')
    await page.getByRole('button', { name: 'Remove native TensorFlow' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click()
    await page.getByText('TensorFlow 2.21.0 for the CPU').waitFor({ state: 'detached' })
    expect(currentEngine(basil.home)).toEqual({ installed: null, damaged: '' })
    expect(complaints).toEqual([])
  })
})
