// One program for each data folder: a second start gives what it was asked to open to the first and ends. What comes
// before there is a window waits for it. macOS tells files and links by events of its own.
import { app } from 'electron'

import { type Asked, addressOfLink, askedBy, linkScheme, type Start, startSchema } from './opened.ts'

/** This start's own; Electron's options, and the project's folder where the program is not packed, are none of it. */
export function ownStart(argv: readonly string[] = process.argv): Start {
  const given = argv.slice(1).filter((arg) => !arg.startsWith('-'))
  return { args: app.isPackaged ? given : given.slice(1), folder: process.cwd() }
}

/** Gives the way to hear them, from the first on; null where another has the data folder, which has been told. */
export function hearStarts(again: () => void): ((open: (asked: Asked) => void) => void) | null {
  const own = ownStart()
  if (!app.requestSingleInstanceLock({ ...own })) return null
  if (app.isPackaged && process.platform === 'win32') app.setAsDefaultProtocolClient(linkScheme)
  const waiting = [askedBy(own)]
  let open = (asked: Asked): void => void waiting.push(asked)
  app.on('second-instance', (_event, _argv, _folder, sent) => {
    again()
    const start = startSchema.safeParse(sent)
    if (start.success) open(askedBy(start.data))
  })
  app.on('open-url', (event, link) => {
    event.preventDefault()
    open({ paths: [], address: addressOfLink(link) })
  })
  app.on('open-file', (event, path) => {
    event.preventDefault()
    open({ paths: [path], address: null })
  })
  return (next) => {
    open = next
    for (const asked of waiting.splice(0)) next(asked)
  }
}
