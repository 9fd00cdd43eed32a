// The real window, where Electron's program is installed and there is a display; elsewhere this is skipped with a line
// that says so, and a person opens the window once a release. ELECTRON_OVERRIDE_DIST_PATH names the folder of a program
// that lies elsewhere. The bundles must be built. One walk: the first page, the sample, a run, its export; what is
// opened from outside; and the engine's end, which the window outlives.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { _electron, type ElectronApplication, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { alive } from '../alive.ts'
import { patience } from '../patience.ts'

const root = join(import.meta.dirname, '..', '..')
const folder = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(root, 'node_modules', 'electron', 'dist')
const parts: Record<string, string> = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' }
const program = join(folder, parts[process.platform] ?? 'electron')
const display = process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY)
const missing = existsSync(program) ? (display ? '' : 'there is no display') : `there is no ${program}`
if (missing) console.warn(`SKIPPED, the real window was not opened: ${missing}`)

describe.skipIf(missing !== '')('the window', () => {
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  let home = ''
  let env: Record<string, string> = {}
  let app: ElectronApplication
  let page: Page

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'basil-window-'))
    env = { ...process.env, BASIL_HOME: home } as Record<string, string>
    app = await _electron.launch({ executablePath: program, args: [...asRoot, root], env, timeout: patience })
    app.context().setDefaultTimeout(patience)
    page = await app.firstWindow()
  })
  afterAll(async () => {
    const { pid } = app.process()
    await app.close()
    await expect.poll(() => alive(pid)).toBe(false)
    await rm(home, { recursive: true, force: true })
  })

  it('opens on the first page, has nothing of Node, and starts the engine', async () => {
    await page.getByRole('button', { name: 'Open the sample project' }).waitFor()
    await page.getByText(home).first().waitFor()
    expect(page.url()).toMatch(/^app:\/\/basil\//)
    const seen = await page.evaluate(() =>
      ['process', 'require', 'module', 'Buffer', 'ipcRenderer', 'electron'].filter((name) => name in globalThis),
    )
    expect(seen).toEqual([])
    await page
      .getByText(/wasm|native|GPU/i)
      .first()
      .waitFor()
  })

  it('has a menu without developer tools', async () => {
    const labels = await app.evaluate(({ Menu }) =>
      (Menu.getApplicationMenu()?.items ?? []).flatMap(({ label, submenu }) => [
        label,
        ...(submenu?.items.map((item) => item.label) ?? []),
      ]),
    )
    expect(labels).toContain('Show data folder')
    expect(labels.filter((label) => /developer/i.test(label))).toEqual([])
  })

  it('runs the sample and exports it to where its dialog says', async () => {
    const target = join(home, 'of-the-window.safetensors')
    await app.evaluate(({ dialog }, filePath) => {
      dialog.showSaveDialog = async () => ({ canceled: false, filePath })
    }, target)
    await page.getByRole('button', { name: 'Open the sample project' }).click()
    await page.getByText('All files fit together.').waitFor()
    for (const task of ['digits', 'emoji', 'glyphs'])
      await page.getByRole('switch', { name: `Use ${task}`, exact: true }).click()
    await page.getByText('All files fit together.').waitFor()
    await page.getByRole('button', { name: 'Start run' }).click()
    await page.getByRole('heading', { name: 'Accuracy on test data' }).waitFor()
    await page.getByRole('button', { name: 'Export model' }).click()
    await page.getByText('verified').waitFor()
    expect(existsSync(target)).toBe(true)
  })

  it('takes what a second start is asked to open, and comes to the front; a link opens a run', async () => {
    const second = (asked: string) =>
      new Promise<number | null>((resolve) => {
        spawn(program, [...asRoot, root, asked], { env, stdio: 'ignore' }).on('close', resolve)
      })
    expect(await second(join(root, 'resources', 'sample', 'pretrained.safetensors'))).toBe(0)
    await expect.poll(() => page.url()).toMatch(/#\/library\/\d+$/)
    await page
      .getByRole('heading', { name: /pretrained/ })
      .first()
      .waitFor()
    expect(await second('basil://run/1')).toBe(0)
    await expect.poll(() => page.url()).toMatch(/#\/run\/1$/)
    expect(app.windows()).toHaveLength(1)
  })

  it('adds what is dropped on it', async () => {
    const dropped = join(root, 'resources', 'sample', 'finetuned-digits.safetensors')
    await app.evaluate(({ BrowserWindow, ipcMain }, path) => {
      const [window] = BrowserWindow.getAllWindows()
      ipcMain.emit('basil-drop', { senderFrame: window?.webContents.mainFrame }, [path])
    }, dropped)
    await page.getByRole('link', { name: 'Library', exact: true }).click()
    await page.getByText('finetuned-digits').first().waitFor()
  })

  it('outlives its engine, which starts again', async () => {
    const enginePid = () =>
      app.evaluate(({ app: electron }) => electron.getAppMetrics().find(({ name }) => name === 'Basil engine')?.pid)
    const before = await enginePid()
    expect(before).toBeGreaterThan(0)
    process.kill(before ?? 0, 'SIGKILL')
    await expect.poll(() => alive(before)).toBe(false)
    await expect.poll(enginePid).not.toBe(before)
    await page.getByRole('link', { name: 'Welcome', exact: true }).click()
    await page.getByRole('heading', { level: 1 }).waitFor()
  })
})
