// What a window can do that a browser cannot: the system's own dialogs. A path that comes from here was chosen by the
// person.
import { type BrowserWindow, dialog, shell } from 'electron'

import { extensions, writtenFormat } from '../contract/file-names.ts'
import type { Platform } from '../workbench/platform.ts'

const checkpoints = [
  { name: 'Checkpoints', extensions: [...extensions, 'index.json'] },
  { name: 'All files', extensions: ['*'] },
]

const adding: Record<Parameters<Platform['pickCheckpoints']>[0], Electron.OpenDialogOptions> = {
  files: { title: 'Add checkpoints', filters: checkpoints, properties: ['openFile', 'multiSelections'] },
  folder: { title: 'Add a folder of checkpoints', properties: ['openDirectory'] },
  'data files': { title: 'Add files of images', properties: ['openFile', 'multiSelections'] },
  'data folder': { title: 'Add a folder of images', properties: ['openDirectory', 'multiSelections'] },
}

const papers: Readonly<Record<string, Electron.FileFilter>> = {
  html: { name: 'Web page', extensions: ['html'] },
  zip: { name: 'Packed report', extensions: ['zip'] },
}
const configuration = { name: 'Configuration', extensions: ['json'] }

/** `window`: the one to ask in front of; the dialog stands alone while there is none. */
export function windowPlatform(window: () => BrowserWindow | undefined): Platform {
  async function chosen(options: Electron.OpenDialogOptions): Promise<string[]> {
    const parent = window()
    const { filePaths } = await (parent ? dialog.showOpenDialog(parent, options) : dialog.showOpenDialog(options))
    return filePaths
  }

  async function target(options: Electron.SaveDialogOptions): Promise<string | null> {
    const parent = window()
    const asked = parent ? dialog.showSaveDialog(parent, options) : dialog.showSaveDialog(options)
    const { canceled, filePath } = await asked
    return canceled || !filePath ? null : filePath
  }

  return {
    window: true,
    pickConfig: async () => {
      const filters = [configuration]
      const [path] = await chosen({ title: 'Open a project', filters, properties: ['openFile'] })
      return path ?? null
    },
    pickCheckpoints: async (kind) => {
      const paths = await chosen(adding[kind])
      return paths.length ? paths : null
    },
    pickTarget: (suggestedName) => {
      const paper = papers[suggestedName.split('.').at(-1) ?? '']
      return target({
        title: paper ? 'Save the report' : 'Export the model',
        defaultPath: suggestedName,
        filters: [paper ?? modelNamed(suggestedName)],
        properties: ['createDirectory', 'showOverwriteConfirmation'],
      })
    },
    reveal: (path) => shell.showItemInFolder(path),
    download: () => null, // the file is where the person put it
  }
}

function modelNamed(name: string): Electron.FileFilter {
  const { title, extensions: own } = writtenFormat(name)
  return { name: title, extensions: [...own] }
}
