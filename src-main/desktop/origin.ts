// The window's one place: app://basil. Whoever sends from anywhere else, a frame inside the page included, is not
// answered.
import type { WebFrameMain } from 'electron'

export const scheme = 'app'
export const origin = `${scheme}://basil`

/** Whether an address is a page of ours; one that only begins like ours is not. */
export function isOurs(address: string): boolean {
  if (!URL.canParse(address)) return false
  const url = new URL(address)
  return (
    url.protocol === `${scheme}:` &&
    url.host === 'basil' &&
    url.username === '' &&
    url.password === '' &&
    url.port === ''
  )
}

/** Whether a message comes from the top frame of a page of ours; the frame is null once it has gone. */
export function isOurFrame(frame: Pick<WebFrameMain, 'url' | 'parent'> | null): boolean {
  return frame !== null && frame.parent === null && isOurs(frame.url)
}
