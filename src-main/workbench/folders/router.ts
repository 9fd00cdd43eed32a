// The contract's procedures for folders: what a window and a browser may ask for.
import { implement } from '@orpc/server'

import { api } from '../../contract/api/api.ts'
import type { Folders } from './folders.ts'

export function foldersRouter(folders: Folders) {
  const os = implement(api).folders
  return {
    list: os.list.handler(({ input }) => folders.list(input.path)),
    open: os.open.handler(({ input }) => folders.open(input.path)),
  }
}
