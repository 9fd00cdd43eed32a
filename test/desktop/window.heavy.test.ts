// The real window, where Electron's program is installed and there is a display; elsewhere this is skipped, and a
// person opens the window once a release. The bundles must be built.
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { _electron } from 'playwright-core'
import { describe, expect, it } from 'vitest'

import { alive } from '../alive.ts'
import { patience } from '../patience.ts'

const root = join(import.meta.dirname, '..', '..')
const folder = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(root, 'node_modules', 'electron', 'dist')
const parts: Record<string, string> = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' }
const program = join(folder, parts[process.platform] ?? 'electron')
const display = process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY)

describe.skipIf(!existsSync(program) || !display)('the window', () => {
  it('opens on the first page, has nothing of Node, starts the engine and leaves no process behind', async () => {
    const home = await mkdtemp(join(tmpdir(), 'basil-window-'))
    const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : []
    const app = await _electron.launch({
      executablePath: program,
      args: [...asRoot, root],
      env: { ...process.env, BASIL_HOME: home } as Record<string, string>,
      timeout: patience,
    })
    app.context().setDefaultTimeout(patience)
    try {
      const page = await app.firstWindow()
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
    } finally {
      const { pid } = app.process()
      await app.close()
      await expect.poll(() => alive(pid)).toBe(false)
      await rm(home, { recursive: true, force: true })
    }
  })
})
