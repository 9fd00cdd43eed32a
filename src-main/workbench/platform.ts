// What only a native window can do (dialogs), or only a browser needs (downloads).

export interface Platform {
  window: boolean
  pickConfig(): Promise<string | null> // null: the person closed the dialog
  // null also where there are no dialogs
  pickCheckpoints(kind: 'files' | 'folder' | 'data files' | 'data folder'): Promise<string[] | null>
  /** undefined: no dialog here, the data folder's exports are used. */
  pickTarget(suggestedName: string): Promise<string | null | undefined>
  /** The workbench opens anew with a backup in the place of its history; not there: this door cannot. */
  restore?(file: string): void
  reveal?(path: string): void // in the file manager; a browser has none
  download(file: string): string | null // an address that gives the file, where one is needed
}
