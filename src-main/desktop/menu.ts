// The menu bar: what every program has. What Basil itself does is in the page, where a browser has it too.
import { Menu, type MenuItemConstructorOptions, shell } from 'electron'

/** `dataFolder`: where runs and exports are kept; opened in the system's file manager. */
export function setMenu(dataFolder: string): void {
  const mac: MenuItemConstructorOptions[] = process.platform === 'darwin' ? [{ role: 'appMenu' }] : []
  const file: MenuItemConstructorOptions = {
    label: '&File',
    submenu: [
      { label: 'Show data folder', click: () => void shell.openPath(dataFolder) },
      { type: 'separator' },
      { role: process.platform === 'darwin' ? 'close' : 'quit' },
    ],
  }
  const view: MenuItemConstructorOptions = {
    label: '&View',
    submenu: [
      { role: 'resetZoom' },
      { role: 'zoomIn' },
      { role: 'zoomOut' },
      { type: 'separator' },
      { role: 'togglefullscreen' },
      { role: 'reload' },
    ],
  }
  Menu.setApplicationMenu(Menu.buildFromTemplate([...mac, file, { role: 'editMenu' }, view, { role: 'windowMenu' }]))
}
