// The window: a sandboxed page without Node, that shows itself once it has something to show.
import { join } from 'node:path'

import { BrowserWindow, type WebPreferences } from 'electron'

import { packedIcon } from '../files/packed.ts'
import { origin } from './origin.ts'

const webPreferences = (preload: string): WebPreferences => ({
  preload,
  sandbox: true,
  contextIsolation: true,
  nodeIntegration: false,
  nodeIntegrationInWorker: false,
  nodeIntegrationInSubFrames: false,
  webSecurity: true,
  allowRunningInsecureContent: false,
  experimentalFeatures: false,
  webviewTag: false,
  navigateOnDragDrop: false,
  spellcheck: false, // would fetch dictionaries
})

/** `folder`: where the bundles lie, out/main. */
export function openWindow(folder: string): BrowserWindow {
  const icon = packedIcon(folder)
  const window = new BrowserWindow({
    title: 'Basil',
    ...(icon && { icon }),
    width: 1280,
    height: 860,
    minWidth: 720,
    minHeight: 480,
    show: false,
    autoHideMenuBar: true,
    webPreferences: webPreferences(join(folder, '..', 'preload', 'preload.cjs')),
  })
  window.once('ready-to-show', () => window.show())
  goTo(window, '')
  return window
}

/** The same page at another address, "#/run/3". */
export function goTo(window: BrowserWindow, address: string): void {
  window.loadURL(`${origin}/${address}`).catch(() => undefined) // the next address may come before this one is there
}

/** Brings the window to the front, for a second start of the program. */
export function showWindow(window: BrowserWindow): void {
  if (window.isMinimized()) window.restore()
  window.show()
  window.focus()
}
