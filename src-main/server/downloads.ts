// Exported models for a browser, which has no dialog to save with: the router asks for a ticket, the page follows it,
// and the ticket is gone. A ticket is 256 random bits, names one file that this program wrote, and lasts ten minutes.
import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { basename } from 'node:path'
import { pipeline } from 'node:stream/promises'

import { openRegular } from '../files/open.ts'

const lifetime = 10 * 60 * 1000 // milliseconds
const most = 1000 // tickets held at a time; the oldest goes first

export class Downloads {
  readonly #tickets = new Map<string, { file: string; until: number }>()
  readonly #now: () => number

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** The address, without the host, that gives `file` once. */
  offer(file: string): string {
    const [oldest] = this.#tickets.keys()
    if (this.#tickets.size >= most && oldest !== undefined) this.#tickets.delete(oldest)
    const ticket = randomBytes(32).toString('base64url')
    this.#tickets.set(ticket, { file, until: this.#now() + lifetime })
    return `/download/${ticket}`
  }

  /** The file of a ticket that is still good; it is not good again. */
  redeem(address: string): string | undefined {
    const ticket = address.startsWith('/download/') ? address.slice('/download/'.length) : ''
    const found = this.#tickets.get(ticket)
    this.#tickets.delete(ticket)
    return found && this.#now() <= found.until ? found.file : undefined
  }
}

/** Sends a file as an attachment under its own name. Rejects when it cannot be read. */
export async function sendDownload(response: ServerResponse, file: string): Promise<void> {
  const { handle, info } = await openRegular(file)
  const name = basename(file)
  const plain = name.replace(/[^\w.() -]/g, '_')
  response.writeHead(200, {
    'Content-Type': 'application/octet-stream',
    'Content-Length': info.size,
    'Content-Disposition': `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(name).replace(/['()*]/g, percent)}`,
  })
  await pipeline(handle.createReadStream(), response) // which closes the file
}

const percent = (letter: string) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`
