// The renderer's built files, over HTTP. The folder is listed once: a request is looked up in that list and never
// becomes a path, so there is nothing to traverse.
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { extname, join, relative, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'

import { BasilError } from '../contract/errors.ts'

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
}

/** Files by address, "/" being index.html. Throws file-missing when they are not built. */
export async function listPages(folder: string): Promise<Map<string, string>> {
  const pages = new Map<string, string>()
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])) {
    if (!entry.isFile() || !(extname(entry.name) in types)) continue
    const file = join(entry.parentPath, entry.name)
    pages.set(`/${relative(folder, file).split(sep).map(encodeURIComponent).join('/')}`, file)
  }
  const index = pages.get('/index.html')
  if (!index) throw notBuilt(folder)
  return pages.set('/', index)
}

function notBuilt(folder: string): BasilError {
  return new BasilError({
    code: 'file-missing',
    what: 'The pages are not built',
    where: folder,
    why: 'there is no index.html',
    next: 'run "npm run build"',
  })
}

/** Sends one file with its type and length; without its content for HEAD. */
export async function sendPage(response: ServerResponse, file: string, head: boolean): Promise<void> {
  const { size } = await stat(file)
  response.writeHead(200, {
    'Content-Type': types[extname(file)] ?? 'application/octet-stream',
    'Content-Length': size,
  })
  if (head) response.end()
  else await pipeline(createReadStream(file), response)
}
