// What only a native window can do (dialogs, newer versions), or only a browser needs (downloads).
import type { UpdatesShown } from '../contract/api/updates.ts'

export interface Updates {
  show(): UpdatesShown
  watch(): AsyncGenerator<UpdatesShown, void>
  /** Never rejects: what went wrong is in what is shown. */
  look(): Promise<UpdatesShown>
  fetch(): Promise<UpdatesShown>
}

export interface Platform {
  window: boolean
  pickConfig(): Promise<string | null> // null: the person closed the dialog
  // null also where there are no dialogs
  pickCheckpoints(kind: 'files' | 'folder' | 'data files' | 'data folder'): Promise<string[] | null>
  /** undefined: no dialog here, the data folder's exports are used. */
  pickTarget(suggestedName: string): Promise<string | null | undefined>
  /** The workbench opens anew with a backup in the place of its history; not there: this door cannot. */
  restore?(file: string): void
  updates?: Updates
  reveal?(path: string): void // in the file manager; a browser has none
  download(file: string): string | null // an address that gives the file, where one is needed
}
