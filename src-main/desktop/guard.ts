// What a page may never do, whatever it holds: ask for a permission, go elsewhere, open a window, embed a webview. Set
// on every web contents as it is made, so that no later window can forget it.
import type { App, Session, WebContents } from 'electron'

import { isOurs } from './origin.ts'

/** Before the first window is made. */
export function guardContents(app: Pick<App, 'on'>): void {
  app.on('web-contents-created', (_event, contents) => guard(contents))
}

function guard(contents: WebContents): void {
  contents.on('will-navigate', (details) => isOurs(details.url) || details.preventDefault())
  contents.on('will-frame-navigate', (details) => isOurs(details.url) || details.preventDefault())
  contents.on('will-redirect', (details) => isOurs(details.url) || details.preventDefault())
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.setWindowOpenHandler(() => ({ action: 'deny' }))
}

/** No camera, no location, no devices; and no request leaves for another place. */
export function guardSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, permission, answer) =>
    answer(permission === 'clipboard-sanitized-write'),
  )
  session.setPermissionCheckHandler((_contents, permission) => permission === 'clipboard-sanitized-write')
  session.setDevicePermissionHandler(() => false)
  session.webRequest.onBeforeRequest(({ url, webContentsId }, answer) =>
    answer({ cancel: !mayLoad(url, webContentsId) }),
  )
  session.on('will-download', (event, item) => madeByPage.test(item.getURL()) || event.preventDefault())
}

const madeByPage = /^(data|blob):/ // a chart's picture or table; the system asks where to save it

/** The page loads what is ours; our own process reads the pages' files, and has no contents' number. */
function mayLoad(address: string, contents: number | undefined): boolean {
  if (contents === undefined) return address.startsWith('file:')
  return isOurs(address) || madeByPage.test(address)
}
