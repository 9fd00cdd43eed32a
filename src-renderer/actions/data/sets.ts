// What can be done with data sets, and with the one whose page is open.
import FilePlus from '@lucide/svelte/icons/file-plus'
import FolderPlus from '@lucide/svelte/icons/folder-plus'
import HardDriveDownload from '@lucide/svelte/icons/hard-drive-download'
import RefreshCw from '@lucide/svelte/icons/refresh-cw'
import ScanSearch from '@lucide/svelte/icons/scan-search'
import TextCursorInput from '@lucide/svelte/icons/text-cursor-input'
import Trash from '@lucide/svelte/icons/trash'

import { dataSets } from '../../state/data/data-sets.svelte.ts'
import { openedData } from '../../state/data/opened-data.svelte.ts'
import { router } from '../../state/router.svelte.ts'
import { workbench } from '../../state/workbench.svelte.ts'
import type { Action } from '../action.ts'

const here = () => router.at('data')
const open = () => (router.at('data-set') && openedData.shown?.state === 'present' ? openedData.shown : null)
const idle = () => !openedData.leaks.busy && !openedData.preparing.busy

export const addDataFolder: Action = {
  id: 'add-data-folder',
  title: 'Add a folder…',
  shortcut: null,
  icon: FolderPlus,
  enabled: () => here() && workbench.about?.window === true,
  run: () => dataSets.pick('folder'),
}

export const addDataFiles: Action = {
  id: 'add-data-files',
  title: 'Add files…',
  shortcut: null,
  icon: FilePlus,
  enabled: addDataFolder.enabled,
  run: () => dataSets.pick('files'),
}

/** Our own dialog, where there is none of the system's. */
export const browseData: Action = {
  id: 'browse-data',
  title: 'Choose folders or files…',
  shortcut: null,
  icon: FolderPlus,
  enabled: () => here() && workbench.about?.window === false,
  run: () => {
    dataSets.browsing = true
  },
}

export const addDataByPath: Action = {
  id: 'add-data-by-path',
  title: 'Add by path…',
  shortcut: 'Alt+A',
  icon: TextCursorInput,
  enabled: here,
  run: () => {
    dataSets.adding = true
  },
}

export const refreshData: Action = {
  id: 'refresh-data',
  title: 'Look at all data again',
  shortcut: 'Alt+U',
  icon: RefreshCw,
  enabled: () => here() && dataSets.rows.length > 0 && !dataSets.refreshing,
  run: () => dataSets.refresh(),
}

/** Can be undone; images stay. */
export const forgetData: Action = {
  id: 'forget-data',
  title: 'Forget',
  shortcut: 'Delete',
  icon: Trash,
  enabled: () => here() && dataSets.chosen.length > 0,
  run: () => dataSets.forget(),
}

export const findData: Action = {
  id: 'find-data',
  title: 'Find a data set',
  shortcut: 'Mod+F',
  enabled: here,
  run: () => document.getElementById('data-search')?.focus(),
}

export const findLeaks: Action = {
  id: 'find-leaks',
  title: 'Look for leaks',
  shortcut: 'Alt+M',
  icon: ScanSearch,
  enabled: () => open() !== null && idle(),
  run: () => openedData.findLeaks(),
}

/** The splits that runs use: the field's, where it draws any, else the disk's. */
export const prepareData: Action = {
  id: 'prepare-data',
  title: 'Prepare now',
  shortcut: 'Alt+R',
  icon: HardDriveDownload,
  enabled: () => open() !== null && idle(),
  run: () => {
    const { field = [], splits = [] } = open() ?? {}
    return openedData.prepare((field.length > 1 ? field : splits).map(({ name }) => name))
  },
}
