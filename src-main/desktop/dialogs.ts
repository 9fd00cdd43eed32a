// What a window can do that a browser cannot: the system's own dialogs. A path that comes from here was chosen by the
// person.
import { type BrowserWindow, dialog } from 'electron'

import type { Platform } from '../workbench/platform.ts'

const checkpoints = [
  { name: 'Checkpoints', extensions: ['safetensors', 'pt', 'pth', 'bin', 'ckpt', 'npz', 'index.json'] },
  { name: 'All files', extensions: ['*'] },
]

const adding: Record<Parameters<Platform['pickCheckpoints']>[0], Electron.OpenDialogOptions> = {
  files: { title: 'Add checkpoints', filters: checkpoints, properties: ['openFile', 'multiSelections'] },
  folder: { title: 'Add a folder of checkpoints', properties: ['openDirectory'] },
  'data files': { title: 'Add files of images', properties: ['openFile', 'multiSelections'] },
  'data folder': { title: 'Add a folder of images', properties: ['openDirectory', 'multiSelections'] },
}

const safetensors = { name: 'Safetensors', extensions: ['safetensors'] }
const page = { name: 'Web page', extensions: ['html'] }
const stateDict = { name: 'PyTorch state_dict', extensions: ['pt', 'pth', 'bin'] }

/** `window`: the one to ask in front of; the dialog stands alone while there is none. */
export function windowPlatform(window: () => BrowserWindow | undefined): Platform {
  return {
    window: true,
    pickConfig: async () => {
      const options: Electron.OpenDialogOptions = {
        title: 'Open a project',
        filters: [{ name: 'Configuration', extensions: ['json'] }],
        properties: ['openFile'],
      }
      const parent = window()
      const { filePaths } = await (parent ? dialog.showOpenDialog(parent, options) : dialog.showOpenDialog(options))
      return filePaths[0] ?? null
    },
    pickCheckpoints: async (kind) => {
      const options = adding[kind]
      const parent = window()
      const { filePaths } = await (parent ? dialog.showOpenDialog(parent, options) : dialog.showOpenDialog(options))
      return filePaths.length ? filePaths : null
    },
    pickTarget: async (suggestedName) => {
      const options: Electron.SaveDialogOptions = {
        title: suggestedName.endsWith('.html') ? 'Save the report' : 'Export the model',
        defaultPath: suggestedName,
        filters: [suggestedName.endsWith('.html') ? page : suggestedName.endsWith('.pt') ? stateDict : safetensors],
        properties: ['createDirectory', 'showOverwriteConfirmation'],
      }
      const parent = window()
      const { canceled, filePath } = await (parent
        ? dialog.showSaveDialog(parent, options)
        : dialog.showSaveDialog(options))
      return canceled || !filePath ? null : filePath
    },
    download: () => null, // the file is where the person put it
  }
}
