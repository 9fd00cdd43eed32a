// The program with a window, from start to end: one instance, one workbench, one window; closing it ends all three, and
// a run at work is kept as interrupted.
import { join } from 'node:path'

import { app, type BrowserWindow, dialog, session } from 'electron'

import { recordOf, sentence } from '../contract/errors.ts'
import { dataFolder } from '../files/data-folder.ts'
import { beginLog, logsFolder, say, sayFault } from '../files/log.ts'
import { packedKey } from '../files/packed.ts'
import { addDropped } from '../workbench/dropped.ts'
import { restoreUnder } from '../workbench/history-care.ts'
import { recognise } from '../workbench/recognise.ts'
import { createRouter } from '../workbench/router.ts'
import { openWorkbench, type Workbench } from '../workbench/workbench.ts'
import { serveWindow } from './connect.ts'
import { windowPlatform } from './dialogs.ts'
import { hearDrops, tellRefused } from './drops.ts'
import { engineProcess } from './engine-process.ts'
import { guardContents, guardSession } from './guard.ts'
import { setMenu } from './menu.ts'
import { type Asked, createOpening } from './opened.ts'
import { registerScheme, servePages } from './pages.ts'
import { createLeaving, showWork } from './signs.ts'
import { hearStarts } from './starts.ts'
import { createUpdates, electronUpdater } from './updates.ts'
import { goTo, openWindow, showWindow } from './window.ts'

const closeLimit = 10_000 // milliseconds
const heard = 100 // milliseconds until an answer has reached its page

/** `folder`: where the bundles lie, out/main. Resolves when the window is open, or the program is on its way out. */
export async function startDesktop(folder: string): Promise<void> {
  const home = dataFolder()
  app.setPath('userData', join(home, 'window')) // beside the history: another data folder is another instance
  let window: BrowserWindow | undefined
  const openFrom = hearStarts(() => window && showWindow(window))
  if (!openFrom) return app.quit()
  beginLog(() => logsFolder(home), 'window')
  say('the program began')
  app.on('render-process-gone', (_, __, { reason, exitCode }) => say(`the page ended: ${reason}, code ${exitCode}`))
  app.on('child-process-gone', (_, { type, reason, exitCode }) => say(`${type} ended: ${reason}, code ${exitCode}`))
  app.enableSandbox()
  registerScheme()
  guardContents(app)

  app.on('window-all-closed', () => app.quit())
  await app.whenReady()
  guardSession(session.defaultSession)
  servePages(join(folder, '..', 'renderer'))
  setMenu(home)

  const resources = app.isPackaged ? process.resourcesPath : join(folder, '..', '..')
  const options = {
    home,
    engine: (environment: NodeJS.ProcessEnv) => engineProcess(join(folder, 'engine.js'), environment),
    resources: join(resources, 'resources'),
    write: true,
  }
  const first = await opened(options)
  if (!first) return app.exit(1)
  let present = first
  let mayLeave = createLeaving(present)
  const begin = (): void => {
    mayLeave = createLeaving(present)
    present.clusters.goOn()
    present.jobs.work('all')
    void showWork(present, () => window)
  }
  /** The page loads anew, and with it its connection. */
  const restore = (file: string): void =>
    void setTimeout(async () => {
      const next = await restoreUnder(present, file, (restored) => openWorkbench({ ...options, restored })).catch(told)
      if (!next) return app.exit(1)
      present = next
      begin()
      window?.webContents.reload()
    }, heard)
  const updates = createUpdates({
    key: app.isPackaged ? packedKey(process.resourcesPath) : null,
    updater: electronUpdater,
    preferences: { all: () => present.preferences.all() },
  })
  closeBeforeQuit(
    () => present,
    () => mayLeave(),
    () => updates.putInPlace(),
  )
  serveWindow(() => createRouter(present, { ...windowPlatform(() => window), restore, updates }))
  hearDrops((paths) => addDropped(present.library, present.dataSets, paths))
  const opening = openWindow(folder)
  window = opening
  window.on('close', (event) => mayLeave(opening) || event.preventDefault())
  window.on('closed', () => {
    window = undefined
  })
  begin()
  updates.begin()
  openFrom(
    openingIn(
      () => present,
      (address) => window && goTo(window, address),
    ),
  )
}

function openingIn(workbench: () => Workbench, go: (address: string) => void): (asked: Asked) => void {
  const open = createOpening({
    recognise,
    library: { add: (paths) => workbench().library.add(paths) },
    dropped: (paths) => addDropped(workbench().library, workbench().dataSets, paths),
    go,
    refuse: tellRefused,
  })
  return (asked) => void open(asked)
}

async function opened(options: Parameters<typeof openWorkbench>[0]): Promise<Workbench | undefined> {
  return openWorkbench(options).catch(told)
}

function told(error: unknown): undefined {
  sayFault('opening', error)
  dialog.showErrorBox('Basil cannot start', sentence(recordOf(error)))
}

function closeBeforeQuit(workbench: () => Workbench, mayLeave: () => boolean, last: () => void): void {
  let closed = false
  app.on('before-quit', (event) => {
    if (closed) return
    event.preventDefault()
    if (!mayLeave()) return
    closed = true
    // what a dead disk holds up is left to the system
    const late = new Promise((resolve) => setTimeout(resolve, closeLimit))
    void Promise.race([workbench().close(), late]).finally(() => {
      last()
      say('the program ended')
      app.quit()
    })
  })
}
